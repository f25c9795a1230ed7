-- Where hardly any title or name has the words: what may have been meant.

-- A title in one word that was typed in several.
create function catalog.titles_joined(joined text, f catalog.search_filter)
returns catalog.search_hit[] language sql stable as $$
  select array(
    select row(s.media_item_id, s.media_type, 550 + s.popularity)::catalog.search_hit
    from catalog.item_search s where s.sort_key = joined and catalog.search_allows(s, f)
    order by s.popularity desc limit 20)
$$;

-- What has the other words and came out in the year that is among them; of several the last one.
create function catalog.of_the_year(tokens text[], f catalog.search_filter)
returns catalog.search_hit[] language plpgsql stable as $$
declare
  at constant int := (
    select max(w.place) from unnest(tokens) with ordinality w(word, place)
    where catalog.release_year(w.word) is not null);
  title constant text := array_to_string(tokens[:at - 1] || tokens[at + 1:], ' ');
  wanted constant tsquery := plainto_tsquery('catalog.words', title);
begin
  if at is null or numnode(wanted) = 0 then
    return '{}';
  end if;
  f.years := f.years && catalog.release_year(tokens[at]);
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
  if short like '% %' then
    found := catalog.titles_joined(replace(short, ' ', ''), f);
  end if;
  if names >= few and exists (select from catalog.search_terms t where t.term = last) then
    return found;
  end if;
  if length(short) > 2 or short !~ '^[a-z0-9]' then
    found := found || array(
      select b::catalog.search_hit from catalog.titles_beginning(short, f, 20) b);
  end if;
  found := found || array(
    select b::catalog.search_hit from catalog.words_beginning(tokens, f, 20) b);
  if (select count(distinct h.id) from unnest(hits || found) h where h.score > 200) >= few then
    return found;
  end if;

  part := catalog.of_the_year(tokens, f);
  if cardinality(part) > 0 then
    return found || part;
  end if;
  spellings := catalog.other_spellings(tokens);
  if cardinality(array_remove(spellings, null)) > 0 then
    part := catalog.spelled_otherwise(tokens, spellings, title, f);
    if cardinality(part) > 0 then
      return found || part;
    end if;
  end if;

  all_known := not exists (
    select from unnest(tokens) t where not exists (
      select from catalog.search_terms known where known.term = t));
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
