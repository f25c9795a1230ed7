-- The best known works that have all of these words in title and names, the last one as a beginning.
create or replace function catalog.words_beginning(
  tokens text[], f catalog.search_filter, want int
) returns setof catalog.search_hit language plpgsql stable as $$
declare
  beginning constant text := tokens[cardinality(tokens)];
  whole constant tsquery := plainto_tsquery(
    'catalog.words', array_to_string(tokens[1:cardinality(tokens) - 1], ' '));
  -- A short beginning has too many endings, unless it is of a script that says much with a sign.
  is_short constant boolean := beginning ~ '^[a-z0-9]{1,2}$';
  wanted tsquery := whole && f.years && f.creator;
  types constant int[] := array(select catalog.search_type(t) from unnest(f.media_types) t);
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
    if f.media_types is not null then
      return query
        select s.media_item_id, s.media_type::text, (250 + s.popularity)::real
        from catalog.item_search s
        where s.head @@ wanted
          and s.tags && array(
            select t + n from unnest(types) t, generate_series(after[step], through[step]) n)
          and (not is_short or s.title_key ~ ('\m' || beginning))
          and catalog.search_allows(s, f)
        order by 3 desc limit want * 5;
    elsif step = 1 then
      return query
        select s.media_item_id, s.media_type::text, (250 + s.popularity)::real
        from catalog.item_search s
        where s.head @@ wanted and s.tags && '{0}' and s.tier <= 2
          and (not is_short or s.title_key ~ ('\m' || beginning))
          and catalog.search_allows(s, f)
        order by 3 desc limit want * 5;
    else
      return query
        select s.media_item_id, s.media_type::text, (250 + s.popularity)::real
        from catalog.item_search s
        where s.head @@ wanted and s.tier > 0 and s.tier <= 2
          and (not is_short or s.title_key ~ ('\m' || beginning))
          and catalog.search_allows(s, f)
        order by 3 desc limit want * 5;
    end if;
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
