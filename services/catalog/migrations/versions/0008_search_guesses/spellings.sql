-- How else the words of a question may be written.

-- Neighbours that a title has as one word, for each of them: "tide watch", "j r r".
create function catalog.joined_words(tokens text[]) returns table (place int, spelling text)
language sql stable as $$
  with runs as materialized (
    select first, last, array_to_string(tokens[first:last], '') as joined
    from generate_series(1, cardinality(tokens) - 1) first,
      generate_series(first + 1, least(first + 2, cardinality(tokens))) last)
  select generate_series(r.first, r.last), quote_literal(t.term)
  from catalog.search_terms t, runs r
  where t.term = any(array(select joined from runs)) and r.joined = t.term
$$;

-- Two or three words of titles that are this one; the letters of what may be initials: "hg".
create function catalog.parts_of_word(word text) returns table (spelling text)
language sql stable as $$
  with starts as materialized (
    select t.term from catalog.search_terms t
    where t.term = any(array(select left(word, n) from generate_series(2, length(word) - 2) n))
  ), ends as materialized (
    select t.term from catalog.search_terms t
    where t.term = any(array(select right(word, n) from generate_series(2, length(word) - 2) n))
  ), between_them as materialized (
    select s.term as first, e.term as last,
      substr(word, length(s.term) + 1, length(word) - length(s.term) - length(e.term)) as middle
    from starts s, ends e where length(s.term) + length(e.term) <= length(word)
  )
  select concat_ws(' & ', quote_literal(b.first), quote_literal(b.last))
  from between_them b where b.middle = ''
  union all
  select concat_ws(' & ', quote_literal(b.first), quote_literal(b.middle), quote_literal(b.last))
  from catalog.search_terms t, between_them b
  where t.term = any(array(select middle from between_them)) and b.middle = t.term
  union all
  select array_to_string(regexp_split_to_array(word, ''), ' & ') where word ~ '^[a-z]{2,3}$'
$$;

-- "2" is "two" and "II".
create function catalog.same_number(word text) returns table (spelling text)
language sql immutable as $$
  select concat_ws(' | ', digits, letters, roman)
  from (values
    ('1', 'one', 'i'), ('2', 'two', 'ii'), ('3', 'three', 'iii'), ('4', 'four', 'iv'),
    ('5', 'five', 'v'), ('6', 'six', 'vi'), ('7', 'seven', 'vii'), ('8', 'eight', 'viii'),
    ('9', 'nine', 'ix'), ('10', 'ten', 'x'), ('11', 'eleven', 'xi'), ('12', 'twelve', 'xii'),
    ('13', 'thirteen', 'xiii'), ('14', 'fourteen', 'xiv'), ('15', 'fifteen', 'xv'),
    ('16', 'sixteen', 'xvi'), ('17', 'seventeen', 'xvii'), ('18', 'eighteen', 'xviii'),
    ('19', 'nineteen', 'xix'), ('20', 'twenty', 'xx'), ('30', 'thirty', null),
    ('40', 'forty', null), ('50', 'fifty', null), ('60', 'sixty', null), ('70', 'seventy', null),
    ('80', 'eighty', null), ('90', 'ninety', null), ('100', 'hundred', null)
  ) n(digits, letters, roman)
  where word in (digits, letters, roman)
$$;

-- Of each word, in the syntax of to_tsquery; null where there are none. Of a text somebody pasted,
-- only the first four unknown words are taken apart.
create function catalog.other_spellings(tokens text[]) returns text[]
language sql stable as $$
  with unknown as (
    select w.word, w.place from unnest(tokens) with ordinality w(word, place)
    where not exists (select from catalog.search_terms t where t.term = w.word)
    order by w.place limit 4)
  select array_agg(o.spellings order by w.place)
  from unnest(tokens) with ordinality w(word, place)
  left join (
    select s.place, string_agg(s.spelling, ' | ') as spellings from (
      select j.place, j.spelling from catalog.joined_words(tokens) j
      union all
      select u.place, p.spelling from unknown u, catalog.parts_of_word(u.word) p
      union all
      select n.place, m.spelling
      from unnest(tokens) with ordinality n(word, place), catalog.same_number(n.word) m
      where cardinality(tokens) > 1  -- alone, "1" is not every Book One
    ) s group by s.place) o on o.place = w.place
$$;

-- What titles and names have that is nearly this word. Letters in the wrong order are one mistake,
-- not two. Mistakes that leave no form in common, of long words three, are looked for in what begins alike.
create function catalog.similar_words(word text) returns text
language plpgsql stable as $$
declare
  typed constant text := catalog.without_s(word);
  slips constant int := case when length(word) > 8 then 3 else 2 end;
  alike text;
begin
  select string_agg(quote_literal(n.term), ' | ') into alike from (
    select t.term
    from catalog.search_terms t,
      catalog.without_s(t.term) as known,
      public.levenshtein_less_equal(known, typed, 2) as distance,
      lateral (select length(known) = length(typed) and translate(known, typed, '') = '')
        as same_letters(are_same)
    where t.deletions && catalog.deletions(word) and distance <= 2
      and (distance < 2 or are_same or length(typed) > 4)
    order by
      case when are_same then least(distance, 1) else distance end - t.popularity / 10, t.term
    limit 8) n;
  if alike is null and length(typed) > 5 and word !~ '[0-9]' then
    select string_agg(quote_literal(n.term), ' | ') into alike from (
      select t.term from catalog.search_terms t
      where t.term >= left(word, 2) and t.term < left(word, 2) || chr(1114111)
        and length(t.term) between length(word) - slips and length(word) + slips
        and public.levenshtein_less_equal(t.term, word, slips) <= slips
      order by t.popularity desc, t.term limit 8) n;
  end if;
  return alike;
end $$;

create function catalog.words_that_begin(beginning text) returns text
language sql stable as $$
  select string_agg(quote_literal(e.term), ' | ') from (
    select t.term from catalog.search_terms t
    where length(beginning) > 2 and t.term >= beginning and t.term < beginning || chr(1114111)
    order by t.popularity desc limit 8) e
$$;

-- A year may be in a title, or when the work came out.
create function catalog.release_year(word text) returns tsquery
language sql immutable as $$
  select case when word ~ '^(1\d|20)\d\d$' then format('''year:%s''', word)::tsquery end
$$;

-- What people call works of a type.
create function catalog.named_type(word text) returns text
language sql immutable as $$
  select case
    when word in ('book', 'novel') then 'book'
    when word in ('movie', 'film') then 'movie'
    when word in ('tv', 'series', 'show') then 'tv'
    when word in ('game', 'videogame') then 'game'
    when word in ('music', 'song', 'album', 'soundtrack') then 'music'
  end
$$;

-- What each word may stand for; null where it is like nothing that a title or name has. Where there
-- are many, those that are known are not doubted.
create function catalog.meanings(tokens text[], spellings text[]) returns tsquery[]
language plpgsql stable as $$
declare
  found tsquery[] := array_fill(null::tsquery, array[cardinality(tokens)]);
  others text;
  is_known boolean;
begin
  for n in 1..cardinality(tokens) loop
    continue when numnode(plainto_tsquery('catalog.words', tokens[n])) = 0;
    is_known := exists (select from catalog.search_terms t where t.term = tokens[n]);
    others := concat_ws(' | ', spellings[n],
      case
        when is_known and cardinality(tokens) > 6 then quote_literal(tokens[n])
        else catalog.similar_words(tokens[n])
      end,
      case
        when n = cardinality(tokens) or not is_known then catalog.words_that_begin(tokens[n])
      end);
    if others <> '' then
      found[n] := to_tsquery('catalog.words', quote_literal(tokens[n]) || ' | ' || others);
    end if;
    if catalog.release_year(tokens[n]) is not null then
      found[n] := coalesce(found[n], plainto_tsquery('catalog.words', tokens[n]))
        || catalog.release_year(tokens[n]);
    end if;
  end loop;
  return found;
end $$;
