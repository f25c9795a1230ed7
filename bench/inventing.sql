-- Works put together from prepared parts: see inventing.py. What a work is hangs on its number alone.

-- What titles, names and descriptions are made of, and what search makes of that.
create unlogged table bench.names (
  n int primary key, said text, key text, plain text,
  head tsvector generated always as (to_tsvector('catalog.title_words', plain)) stored,
  body tsvector generated always as (to_tsvector('catalog.words', plain)) stored
);
create unlogged table bench.people (like bench.names including all);
create unlogged table bench.passages (like bench.names including all);
alter table bench.passages drop column head;
-- Words of titles and names, for catalog.search_terms.
create unlogged table bench.spoken (term text collate "C", popularity real);

-- The nth throw of the dice for a work: from 0 to below 1.
create function bench.chance(number bigint, nth int) returns double precision
language sql immutable as $$
  select (hashint8extended(number, nth) & 4294967295) / 4294967296::double precision
$$;

-- One of so many, by the nth throw; with a `skew` of 2 a few come up often.
create function bench.drawn(number bigint, nth int, many int, skew int default 1) returns int
language sql immutable as $$
  select floor(many * bench.chance(number, nth) ^ skew)::int
$$;

-- In the order of numbers. The last 32 bits are the throw `what`: see bench.ordered.
create function bench.id(number bigint, what int) returns uuid language sql immutable as $$
  select ('0190' || lpad(to_hex(number), 8, '0') || '7' || lpad(to_hex(what), 3, '0') || '80000000'
    || lpad(to_hex(hashint8extended(number, what) & 4294967295), 8, '0'))::uuid
$$;

-- As data.rare_word.
create function bench.rare_word(number bigint, every int) returns text
language plpgsql immutable as $$
declare
  rest bigint := number / every;
  letters text := '';
begin
  loop
    letters := chr(97 + (rest % 26)::int) || letters;
    rest := rest / 26;
    exit when rest = 0;
  end loop;
  return 'rara' || letters || 'avis';
end $$;

-- As data.isbn_13: 979 and 9 weigh 9 + 3 * 7 + 9 + 3 * 9 = 66 together.
create function bench.isbn_13(number bigint) returns text language sql immutable as $$
  select '9799' || lpad(number::text, 8, '0') || (1000 - 66
    - number / 10000000 % 10 - 3 * (number / 1000000 % 10)
    - number / 100000 % 10 - 3 * (number / 10000 % 10)
    - number / 1000 % 10 - 3 * (number / 100 % 10)
    - number / 10 % 10 - 3 * (number % 10)) % 10
$$;

-- A few are known to everybody, most to nobody (Pareto).
create function bench.known_by(number bigint) returns real language sql immutable as $$
  select round((1 / (1 - bench.chance(number, 6)))::numeric, 3)::real
$$;

-- As catalog.media.popularity.scaled.
create function bench.popularity(known_by double precision) returns double precision
language sql immutable as $$
  select least(15, 10 * ln(1 + known_by) / ln(22001::float))
$$;

-- As catalog.media.indexing.ordered; `chance` is its CHANCE.
create function bench.ordered(popularity float, number bigint, chance float) returns real
language sql immutable as $$
  select (popularity + bench.chance(number, 0) * chance)::real
$$;

-- The tiers where they will be about right once there are so many works, so that few have to move:
-- of n works known by 1/u, u by chance, the sth is known by about n/s.
create function bench.expect(count int, sizes int[]) returns void language sql as $$
  insert into catalog.popularity_tiers (media_type, boundaries, works)
  select of,
    array(
      select bench.popularity(works / size::double precision)
      from unnest(sizes) size where size < works order by 1),
    works
  from (
    values ('any', count), ('book', count / 5), ('movie', count / 5), ('tv', count / 5),
      ('game', count / 5), ('music', count / 5)) kinds(of, works)
  on conflict (media_type) do update set boundaries = excluded.boundaries, works = excluded.works
  where popularity_tiers.works < excluded.works
$$;

-- What is not there yet of the works from `first` through `last`: how many that were.
create function bench.invent(
  first bigint, last bigint, source text, rare_every int, common_word text, newest int, chance float
) returns int language plpgsql as $$
declare
  names constant int := (select count(*) from bench.names);
  people constant int := (select count(*) from bench.people);
  passages constant int := (select count(*) from bench.passages);
  common constant tsvector := to_tsvector('catalog.words', common_word);
  game constant tsvector := to_tsvector('catalog.words', 'adventure linux browser');
  invented int;
begin
  with works as materialized (
    select number, bench.id(number, 0) as id,
      (array['book', 'movie', 'tv', 'game', 'music'])[1 + number % 5] as media_type,
      concat_ws(' ', a.said, coalesce(b.said, initcap(rare.word))) as title,
      concat_ws(' ', a.key, coalesce(b.key, rare.word)) as title_key,
      concat_ws(' ', a.plain, coalesce(b.plain, rare.word)) as title_plain,
      a.head || coalesce(b.head, rare.head, '') as title_head,
      a.body || coalesce(b.body, rare.body, '') as title_body,
      subtitle.said as subtitle, subtitle.head as subtitle_head, subtitle.body as subtitle_body,
      person.said as person, house.said as house, other.said as other,
      concat_ws(' ', t1.said, case when number % 2 = 1 then common_word end, t2.said, t3.said)
        as description,
      t1.body || case when number % 2 = 1 then common else '' end || coalesce(t2.body, '')
        || coalesce(t3.body, '') as description_body,
      case number % 5 when 3 then house.plain else person.plain end as creator_plain,
      case number % 5 when 3 then house.head else person.head end as creator_head,
      case number % 5 when 3 then house.body else person.body end as creator_body,
      case number % 5
        when 0 then house.body when 3 then other.body || game when 4 then house.body
        else other.body end as further_body,
      newest - floor(120 * bench.chance(number, 3) ^ 3)::int as year,
      bench.known_by(number) as known_by,
      bench.popularity(bench.known_by(number)) as popularity
    from generate_series(first, last) number
    join bench.names a on a.n = bench.drawn(number, 10, names)
    left join bench.names b on number % rare_every > 0 and bench.chance(number, 12) < 0.8
      and b.n = bench.drawn(number, 11, names)
    left join lateral (
      select r.word, to_tsvector('catalog.title_words', r.word),
        to_tsvector('catalog.words', r.word)
      from bench.rare_word(number, rare_every) r(word) where number % rare_every = 0
    ) rare(word, head, body) on true
    left join bench.names subtitle on number % 6 = 0 and subtitle.n = bench.drawn(number, 13, names)
    join bench.names house on house.n = bench.drawn(number, 14, names)
    join bench.people person on person.n = bench.drawn(number, 15, people, 2)
    join bench.people other on other.n = bench.drawn(number, 16, people, 2)
    join bench.passages t1 on t1.n = bench.drawn(number, 20, passages)
    left join bench.passages t2 on number % 3 > 0 and t2.n = bench.drawn(number, 21, passages)
    left join bench.passages t3 on number % 3 > 1 and t3.n = bench.drawn(number, 22, passages)
    -- Looked up one by one: `not exists` may become a join with all sources that there are.
    where (
      select count(*) from catalog.media_sources m
      where m.source_name = source and m.external_id = number::text) = 0
  ),
  items as (
    insert into catalog.media_items (
      id, media_type, title, subtitle, description, release_date, cover_image_url, creators,
      popularity, version, created_at, updated_at)
    select id, media_type, title, subtitle, description,
      make_date(year, 1 + bench.drawn(number, 4, 12), 1 + bench.drawn(number, 5, 28)),
      case when number % 3 > 0 then 'https://covers.example.org/' || number || '.jpg' end,
      array[case media_type when 'game' then house else person end],
      popularity, 1, now(), now()
    from works
  ),
  books as (
    insert into catalog.books (media_item_id, authors, page_count, publisher, language, isbn_13)
    select id, array[person], 80 + bench.drawn(number, 30, 800), house, 'en', bench.isbn_13(number)
    from works where media_type = 'book'
  ),
  screens as (
    insert into catalog.screens (
      media_item_id, runtime_minutes, directors, producers, tmdb_type, imdb_id)
    select id, 20 + bench.drawn(number, 30, 150), array[person], array[other], media_type,
      'tt9' || lpad(number::text, 8, '0')
    from works where media_type in ('movie', 'tv')
  ),
  games as (
    insert into catalog.games (media_item_id, platforms, developers, publishers, genres)
    select id, '{Linux,Browser}', array[house], array[other], '{Adventure}'
    from works where media_type = 'game'
  ),
  music_tracks as (
    insert into catalog.music_tracks (
      media_item_id, artist_name, album_name, track_number, duration_ms)
    select id, person, house, 1 + bench.drawn(number, 30, 14), 60000 + bench.drawn(number, 31, 400000)
    from works where media_type = 'music'
  ),
  sources as (
    insert into catalog.media_sources (
      id, media_item_id, source_name, external_id, raw_payload, raw_payload_bytes, popularity,
      fetched_at)
    select bench.id(number, 1), id, source, number, '\x7b7d', 2, known_by, now() from works
  ),
  entries as (
    insert into catalog.item_search (
      media_item_id, media_type, popularity, tier, title_key, sort_key, head, document, tags,
      is_stale)
    select id, media_type, ordered.popularity, due.tags[1], title_key,
      regexp_replace(title_key, '^(the|an?) ', ''),
      setweight(title_head, 'A') || setweight(coalesce(subtitle_head, ''), 'B')
        || setweight(creator_head, 'C') || years.words,
      title_body || coalesce(subtitle_body, '') || creator_body || description_body || further_body
        || years.words,
      due.tags, false
    from works
    cross join lateral (select bench.ordered(popularity, number, chance)) ordered(popularity)
    cross join lateral (
      select array_to_tsvector(array['year:' || year, 'decade:' || year / 10])) years(words)
    cross join lateral catalog.search_tags(media_type, ordered.popularity) due
  ),
  spoken as (
    insert into bench.spoken (term, popularity)
    select term, max(bench.ordered(popularity, number, chance))
    from works, string_to_table(title_plain || ' ' || creator_plain, ' ') term
    where length(term) between 2 and 40
    group by term
  )
  select count(*) into invented from works;
  return invented;
end $$;
