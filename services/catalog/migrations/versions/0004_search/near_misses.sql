-- What may have been meant.

-- The best known works of which the title, without its article, begins like this.
create function catalog.titles_beginning(short text, f catalog.search_filter, want int)
returns setof catalog.search_hit language plpgsql stable as $$
declare
  beyond constant text := short || chr(1114111);
  got int;
begin
  case length(short)
    when 0 then
      return;
    when 1 then
      return query
        select s.media_item_id, s.media_type::text, (253 + s.popularity)::real
        from catalog.item_search s
        where left(s.sort_key, 1) = short and s.tier <= 3 and catalog.search_allows(s, f)
        order by s.popularity desc limit want;
    when 2 then
      return query
        select s.media_item_id, s.media_type::text, (253 + s.popularity)::real
        from catalog.item_search s
        where left(s.sort_key, 2) = short and s.tier <= 3 and catalog.search_allows(s, f)
        order by s.popularity desc limit want;
    when 3 then
      return query
        select s.media_item_id, s.media_type::text, (253 + s.popularity)::real
        from catalog.item_search s
        where left(s.sort_key, 3) = short and s.tier <= 3 and catalog.search_allows(s, f)
        order by s.popularity desc limit want;
    else
      return query
        select s.media_item_id, s.media_type::text, (253 + s.popularity)::real
        from catalog.item_search s
        where s.sort_key >= short and s.sort_key < beyond and s.tier <= 3
          and catalog.search_allows(s, f)
        order by s.popularity desc limit want;
  end case;
  get diagnostics got = row_count;
  if got < want then
    return query
      select s.media_item_id, s.media_type::text, (253 + s.popularity)::real
      from catalog.item_search s
      where s.sort_key >= short and s.sort_key < beyond and s.tier > 3
        and catalog.search_allows(s, f)
      order by s.popularity desc limit want - got;
  end if;
end $$;

-- The best known works that have all of these words in title and names, the last one as a beginning.
create function catalog.words_beginning(tokens text[], f catalog.search_filter, want int)
returns setof catalog.search_hit language plpgsql stable as $$
declare
  beginning constant text := tokens[cardinality(tokens)];
  whole constant tsquery := plainto_tsquery(
    'catalog.words', array_to_string(tokens[1:cardinality(tokens) - 1], ' '));
  -- A short beginning has too many endings, unless it is of a script that says much with a sign.
  is_short constant boolean := beginning ~ '^[a-z0-9]{1,2}$';
  wanted tsquery := whole && f.years && f.creator;
  types constant int[] := case when f.media_types is null then '{0}'
    else array(select catalog.search_type(t) from unnest(f.media_types) t) end;
  after constant int[] := '{0,1}';
  through constant int[] := '{0,2}';
  got int;
begin
  if is_short then
    if numnode(whole) = 0 then
      return;
    end if;
  else
    select wanted && to_tsquery('catalog.title_words', string_agg(quote_literal(e.term), ' | '))
    into wanted from (
      select t.term from catalog.search_terms t
      where t.term >= beginning and t.term < beginning || chr(1114111)
      order by t.popularity desc limit 12) e;
    if wanted is null then
      return;
    end if;
  end if;
  for step in 1..2 loop
    return query
      select s.media_item_id, s.media_type::text, (250 + s.popularity)::real
      from catalog.item_search s
      where s.head @@ wanted and s.tags && array(
          select t + n from unnest(types) t, generate_series(after[step], through[step]) n)
        and (not is_short or s.title_key ~ ('\m' || beginning))
        and catalog.search_allows(s, f)
      limit want * 5;
    get diagnostics got = row_count;
    if got >= want then
      return;
    end if;
  end loop;
  return query
    select s.media_item_id, s.media_type::text, (250 + s.popularity)::real
    from catalog.item_search s
    where s.head @@ wanted and (not is_short or s.title_key ~ ('\m' || beginning))
      and catalog.search_allows(s, f)
    limit want * 5;
end $$;

-- Each word, or what is nearly like it. Letters in the wrong order are one mistake, not two.
create function catalog.corrected(tokens text[]) returns tsquery
language sql stable as $$
  select to_tsquery('catalog.words',
    string_agg('(' || coalesce(meant, quote_literal(token)) || ')', ' & '))
  from (
    select w.token, (
      select string_agg(quote_literal(n.term), ' | ') from (
        select t.term
        from catalog.search_terms t,
          catalog.without_s(t.term) as known,
          catalog.without_s(w.token) as typed,
          public.levenshtein_less_equal(known, typed, 2) as distance,
          lateral (select length(known) = length(typed) and translate(known, typed, '') = '')
            as same_letters(are_same)
        where t.deletions && catalog.deletions(w.token) and distance <= 2
          and (distance < 2 or are_same or length(typed) > 4)
        order by
          case when are_same then least(distance, 1) else distance end - t.popularity / 10, t.term
        limit 8) n) as meant
    from unnest(tokens) w(token)
    where numnode(plainto_tsquery('catalog.words', w.token)) > 0
  ) each_word
$$;

-- What may have been meant where hardly any title or name has the words.
create function catalog.near_misses(
  tokens text[], title text, short text, f catalog.search_filter, hits catalog.search_hit[]
) returns catalog.search_hit[] language plpgsql stable as $$
declare
  few constant int := 3;
  last constant text := tokens[cardinality(tokens)];
  found catalog.search_hit[] := '{}';
begin
  if (select count(*) from unnest(hits) h where h.score >= 300) >= few
      and exists (select from catalog.search_terms t where t.term = last) then
    return found;
  end if;
  if length(short) > 2 or short !~ '^[a-z0-9]' then
    found := array(select b::catalog.search_hit from catalog.titles_beginning(short, f, 20) b);
  end if;
  found := found || array(
    select b::catalog.search_hit from catalog.words_beginning(tokens, f, 20) b);
  if cardinality(hits) + cardinality(found) < few and (cardinality(hits) = 0 or exists (
      select from unnest(tokens) t where not exists (
        select from catalog.search_terms known where known.term = t))) then
    found := found || array(
      select row(c.id, c.media_type, c.score / 10)::catalog.search_hit
      from catalog.corrected(tokens) q,
        catalog.search_candidates(q, false, title, null, f) k, unnest(k.hits) c
      where numnode(q) > 0);
  end if;
  return found;
end $$;
