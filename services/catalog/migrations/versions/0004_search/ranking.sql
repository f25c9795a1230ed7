-- Tiers of popularity.

-- Tier 0 are the best known 500 works, each further one has three times as many as all before; the
-- last one, 9, are all others, and all as long as nothing was ranked. The first tag is the tier
-- among all works, the second one tells the type and the tier in that.
create function catalog.search_tier(popularity real, boundaries real[]) returns int
language sql immutable as $$
  select case
    when cardinality(boundaries) = 0 then 0
    when popularity >= boundaries[1]
      then cardinality(boundaries) - width_bucket(popularity, boundaries)
    else 9
  end
$$;

create function catalog.search_type(media_type text) returns int
language sql immutable as $$
  select 10 * array_position(array['book', 'movie', 'tv', 'game', 'music'], media_type)
$$;

-- A table of one row, since Postgres makes such a function a part of the statement that asks.
create function catalog.search_tags(media_type text, popularity real) returns table (tags int[])
language sql stable as $$
  select array[
    catalog.search_tier($2, among_all.boundaries),
    catalog.search_type($1) + catalog.search_tier($2, in_type.boundaries)]
  from (values ('any')) everything(name)
  left join catalog.popularity_tiers among_all on among_all.media_type = everything.name
  left join catalog.popularity_tiers in_type on in_type.media_type = $1
$$;
