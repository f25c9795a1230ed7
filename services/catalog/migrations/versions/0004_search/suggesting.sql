-- The list under a search box.

-- For the list under a search box: exactly this title, titles that begin so, and words.
create function catalog.suggest_media(tokens text[], short text, media_types text[], take int)
returns uuid[] language plpgsql stable
set plan_cache_mode = force_generic_plan set enable_seqscan = off set client_min_messages = warning
as $$
declare
  f constant catalog.search_filter := catalog.search_filter_of(null, null, media_types, null);
  hits catalog.search_hit[];
begin
  hits := array(
    select row(s.media_item_id, s.media_type, 600 + s.popularity)::catalog.search_hit
    from catalog.item_search s
    where s.sort_key = short and catalog.search_allows(s, f)
    order by s.popularity desc limit 3);
  hits := hits || array(
    select b::catalog.search_hit from catalog.titles_beginning(short, f, take) b);
  if length(short) > 3 or cardinality(hits) < take then
    hits := hits || array(
      select b::catalog.search_hit from catalog.words_beginning(tokens, f, take) b);
  end if;
  return array(
    select h.id from unnest(hits) h group by h.id order by max(h.score) desc, h.id desc limit take);
end $$;
