-- Where hardly any title or name has the words: what may have been meant.

-- What came out in the year, or is of the type, that is named beside its other words; of several
-- years the last one. Titles may have such words as well: nobody needs a type where one has.
create function catalog.of_year_and_type(tokens text[], in_titles int, f catalog.search_filter)
returns catalog.search_hit[] language plpgsql stable as $$
declare
  at constant int := (
    select max(w.place) from unnest(tokens) with ordinality w(word, place)
    where catalog.release_year(w.word) is not null);
  rest text[] := tokens[:at - 1] || tokens[at + 1:];
  types text[];
  title text;
  wanted tsquery;
begin
  if at is null then
    rest := tokens;
  else
    f.years := f.years && catalog.release_year(tokens[at]);
  end if;
  types := array(select n from unnest(rest) w, catalog.named_type(w) n where n is not null);
  if in_titles = 0 and cardinality(types) > 0 then
    f.media_types := types;
    rest := array(
      select w.word from unnest(rest) with ordinality w(word, place)
      where catalog.named_type(w.word) is null order by w.place);
  end if;
  title := array_to_string(rest, ' ');
  wanted := plainto_tsquery('catalog.words', title);
  if rest = tokens or numnode(wanted) = 0 then
    return '{}';
  end if;
  return array(
    select row(c.id, c.media_type, c.score - 50)::catalog.search_hit
    from catalog.search_candidates(
      wanted, true, title, regexp_replace(title, '^(the|an?) ', ''), f) k, unnest(k.hits) c);
end $$;

-- Titles and names that have the words in another spelling.
create function catalog.spelled_otherwise(
  tokens text[], spellings text[], title text, f catalog.search_filter
) returns catalog.search_hit[] language plpgsql stable as $$
declare
  wanted constant tsquery := to_tsquery('catalog.words', (
    select string_agg('(' || concat_ws(' | ', quote_literal(u.word), u.spelling) || ')', ' & ')
    from unnest(tokens, spellings) u(word, spelling)));
begin
  return array(
    select row(c.id, c.media_type, 150 + c.score / 20)::catalog.search_hit
    from catalog.search_candidates(wanted, true, title, null, f) k, unnest(k.hits) c);
end $$;

-- Works that have all words, or what these may stand for.
create function catalog.corrected_matches(
  tokens text[], meanings tsquery[], title text, f catalog.search_filter
) returns catalog.search_hit[] language plpgsql stable as $$
declare
  wanted tsquery := '';
begin
  for n in 1..cardinality(tokens) loop
    wanted := wanted && coalesce(meanings[n], plainto_tsquery('catalog.words', tokens[n]));
  end loop;
  if numnode(wanted) = 0 then
    return '{}';
  end if;
  return array(
    select row(c.id, c.media_type, c.score / 10)::catalog.search_hit
    from catalog.search_candidates(wanted, false, title, null, f) k, unnest(k.hits) c);
end $$;

-- The cheapest guess first, and each further one only while there is next to nothing.
-- Scores are as catalog.find_media tells, and further: what has the year or the type is 50 below what
-- has the words, other spellings are above texts (from 150), parts of a question last (below 10).
create or replace function catalog.near_misses(
  tokens text[], title text, short text, f catalog.search_filter, hits catalog.search_hit[]
) returns catalog.search_hit[] language plpgsql stable as $$
declare
  few constant int := 3;
  last constant text := tokens[cardinality(tokens)];
  names constant int := (select count(*) from unnest(hits) h where h.score >= 300);
  found catalog.search_hit[] := '{}';
  part catalog.search_hit[];
  spellings text[];
  meant tsquery[];
  all_known boolean;
begin
  if cardinality(tokens) > 1 then  -- a title in one word that was typed in several
    found := array(
      select row(s.media_item_id, s.media_type, 550 + s.popularity)::catalog.search_hit
      from catalog.item_search s
      where s.sort_key = replace(short, ' ', '') and catalog.search_allows(s, f)
      order by s.popularity desc limit 20);
  end if;
  if names >= few and exists (select from catalog.search_terms t where t.term = last) then
    return found;
  end if;
  if length(short) > 2 or short !~ '^[a-z0-9]' then
    found := found || array(
      select b::catalog.search_hit from catalog.titles_beginning(short, f, 20) b);
  end if;
  -- Names with a word that is the beginning of no other one have all been found.
  if names = 0 or exists (
    select from catalog.search_terms t
    where t.term > last and t.term < last || chr(1114111)) then
    found := found || array(
      select b::catalog.search_hit from catalog.words_beginning(tokens, f, 20) b);
  end if;
  if cardinality(tokens) > 1 and (names = 0 or title ~ '\m(1\d|20)\d\d\M') then
    part := catalog.of_year_and_type(tokens, names, f);
    if cardinality(part) > 0 then
      return found || part;
    end if;
  end if;
  if names + cardinality(found) >= few then
    return found;
  end if;
  all_known := not exists (
    select from unnest(tokens) t where not exists (
      select from catalog.search_terms known where known.term = t));
  if names > 0 and all_known then
    return found;
  end if;
  spellings := catalog.other_spellings(tokens);
  if cardinality(array_remove(spellings, null)) > 0 then
    part := catalog.spelled_otherwise(tokens, spellings, title, f);
    if cardinality(part) > 0 then
      return found || part;
    end if;
  end if;
  if cardinality(hits) + cardinality(found) >= few or (cardinality(hits) > 0 and all_known) then
    return found;
  end if;

  meant := catalog.meanings(tokens, spellings);
  if not all_known or cardinality(tokens) <= 6 then
    found := found || catalog.corrected_matches(tokens, meant, title, f);
  end if;
  if cardinality(hits) + cardinality(found) = 0 and f.among is null then
    found := catalog.partial_matches(tokens, meant, f);
  end if;
  return found;
end $$;
