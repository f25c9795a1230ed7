-- What a hit is, and what it has to be.

create function catalog.search_filter_of(
  years text, creators text, media_types text[], among uuid[]
) returns catalog.search_filter language sql immutable as $$
  select row(
    coalesce(years, '')::tsquery,
    to_tsquery('catalog.title_words', coalesce(replace(creators, ' ', ':C & ') || ':C', '')),
    plainto_tsquery('catalog.words', coalesce(creators, '')),
    media_types, among)::catalog.search_filter
$$;

create function catalog.search_allows(s catalog.item_search, f catalog.search_filter)
returns boolean language sql immutable as $$
  select (f.media_types is null or s.media_type = any(f.media_types))
    and (f.among is null or s.media_item_id = any(f.among))
    and (numnode(f.creator) = 0 or s.head @@ f.creator)
    and (numnode(f.years) = 0 or s.document @@ f.years)
$$;

-- The place decides, then how much of the title was asked for and how well known the work is.
create function catalog.search_score(
  head tsvector, wanted tsquery, closeness double precision, popularity real
) returns real language sql immutable as $$
  select (popularity + case
    when not head @@ wanted then 100
    when ts_filter(head, '{a}') @@ wanted then 500 + 6 * least(closeness, 1)
    when ts_filter(head, '{a,b}') @@ wanted then 400
    else 300 + 3 * ts_rank('{0,0.5,0.5,1}', head, wanted)
  end)::real
$$;

create function catalog.search_hit_of(s catalog.item_search, wanted tsquery, asked_length real)
returns catalog.search_hit language sql immutable as $$
  select row(s.media_item_id, s.media_type, catalog.search_score(
    s.head, wanted, asked_length / length(s.title_key), s.popularity))::catalog.search_hit
$$;
