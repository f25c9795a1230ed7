-- A page of a search.

-- By the planner, which knows how common words are.
create function catalog.estimated_count(
  wanted tsquery, heads_only boolean, f catalog.search_filter
) returns double precision language plpgsql volatile as $$  -- or EXPLAIN is refused
declare
  plan json;
begin
  execute format(
    'explain (format json) select from catalog.item_search s where s.%s @@ %L::tsquery',
    case when heads_only then 'head' else 'document' end,
    wanted && f.years && case when heads_only then f.creator else f.creator_words end)
  into plan;
  return (plan -> 0 -> 'Plan' ->> 'Plan Rows')::double precision;
end $$;

-- In the order of search_type; of an estimate each type has its part, as if it had the same words.
create function catalog.counts_by_type(hits catalog.search_hit[], estimate double precision)
returns int[] language sql stable as $$
  select array_agg(
    greatest(
      found.count,
      estimate * coalesce(ranked.works / nullif(everything.works, 0)::real, 0.2),
      0)
    order by catalog.search_type(t))::int[]
  from unnest(array['book', 'movie', 'tv', 'game', 'music']) t
  left join catalog.popularity_tiers ranked on ranked.media_type = t
  left join catalog.popularity_tiers everything on everything.media_type = 'any'
  left join (
    select h.media_type, count(distinct h.id) from unnest(hits) h group by h.media_type
  ) found on found.media_type = t
$$;

-- A page of what search found: see catalog.search.repository. `scores` are as search_score has them;
-- beginnings of titles and of words (250) are below names, texts follow (100), then corrections (a
-- tenth of that), and then, beyond the candidates, all else in order of popularity (less 1000).
-- `total` is null where there are too many to count, `counts` are of all types, in the order of
-- search_type, and null unless asked for.
create function catalog.find_media(
  words text, tokens text[], title text, short text,
  media_types text[], years text, creators text, among uuid[],
  mark double precision, mark_id uuid, skip int, take int, counting boolean,
  out ids uuid[], out scores double precision[], out best real,
  out total int, out counts int[], out is_estimate boolean
) language plpgsql stable
set plan_cache_mode = force_generic_plan set enable_seqscan = off set client_min_messages = warning
as $$
declare
  wanted tsquery := websearch_to_tsquery('catalog.words', words);
  heads_only constant boolean := numnode(wanted) = 0;  -- "it", "the who"
  f catalog.search_filter := catalog.search_filter_of(years, creators, null, among);
  hits catalog.search_hit[] := '{}';
  complete boolean;
  places uuid[];
  place_scores double precision[];
  further record;
begin
  if heads_only then
    wanted := websearch_to_tsquery('catalog.title_words', words);
  end if;
  if querytree(wanted) = 'T' then  -- only exclusions: everything else, which nobody wants to read
    select '{}', '{}', 0, '{0,0,0,0,0}', false into ids, scores, total, counts, is_estimate;
    return;
  end if;
  if counting or media_types is null then
    select c.hits, c.complete into hits, complete
    from catalog.search_candidates(wanted, heads_only, title, short, f) c;
    if tokens is not null then
      hits := hits || catalog.near_misses(tokens, title, short, f, hits);
    end if;
  end if;
  is_estimate := complete is not true;
  if counting then
    counts := catalog.counts_by_type(
      hits, case when not complete then catalog.estimated_count(wanted, heads_only, f) end);
  end if;
  if media_types is not null and complete is not true then
    f.media_types := media_types;
    select c.hits, c.complete into hits, complete
    from catalog.search_candidates(wanted, heads_only, title, short, f) c;
  end if;

  select coalesce(array_agg(p.id), '{}'), coalesce(array_agg(p.score), '{}'), max(p.score)
  into places, place_scores, best
  from (
    select h.id, max(h.score) as score from unnest(hits) h
    where media_types is null or h.media_type = any(media_types)
    group by h.id order by 2 desc, 1 desc) p;
  total := case when complete then cardinality(places) end;
  if mark is not null then
    skip := (
      select count(*) from unnest(places, place_scores) u(id, score)
      where (u.score, u.id) >= (mark, mark_id));
  end if;
  ids := places[skip + 1 : skip + take];
  scores := place_scores[skip + 1 : skip + take];
  if not complete and cardinality(ids) < take then
    execute format(
      $rest$ select array_agg(r.id) as ids, array_agg(r.popularity - 1000::float8) as scores from (
        select s.media_item_id as id, s.popularity from catalog.item_search s
        where s.%s @@ $1 and catalog.search_allows(s, $2) and s.media_item_id <> all($3)
          and ($4 is null or (s.popularity, s.media_item_id) < ($4, $5))
        order by s.popularity desc, s.media_item_id desc offset $6 limit $7) r $rest$,
      case when heads_only then 'head' else 'document' end)
    into further
    using wanted && f.years && case when heads_only then f.creator else f.creator_words end, f,
      places, case when mark < 0 then (mark + 1000)::real end, mark_id,
      case when mark is null then greatest(skip - cardinality(places), 0) else 0 end,
      take - cardinality(ids);
    ids := ids || further.ids;
    scores := scores || further.scores;
  end if;
end $$;
