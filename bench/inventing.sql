-- Works put together from the parts that bench.parts holds: see inventing.py. What a work is hangs on
-- its number alone.

create unlogged table bench.parts (
  kind text, n int, said text, key text, plain text, head tsvector, body tsvector,
  primary key (kind, n)
);
-- Words of titles and names, for catalog.search_terms.
create unlogged table bench.spoken (term text collate "C", popularity real);

-- The nth throw of the dice for a work: from 0 to below 1.
create function bench.chance(number bigint, nth int) returns double precision
language sql immutable as $$
  select (hashint8extended(number, nth) & 4294967295) / 4294967296::double precision
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

-- As data.isbn_13.
create function bench.isbn_13(number bigint) returns text language sql immutable as $$
  select d.digits || (10 - (
    select sum(substr(d.digits, p, 1)::int * case when p % 2 = 0 then 3 else 1 end)
    from generate_series(1, 12) p) % 10) % 10
  from (select '9799' || lpad(number::text, 8, '0')) d(digits)
$$;

-- In the order of numbers; the last 32 bits are by chance, for catalog.media.indexing.ordered.
create function bench.id(number bigint, what int) returns uuid language sql immutable as $$
  select format('01900000-%s-7%s-8%s-0000%s',
    lpad(to_hex(number >> 12), 4, '0'), lpad(to_hex(number & 4095), 3, '0'),
    lpad(to_hex(what), 3, '0'),
    lpad(to_hex(hashint8extended(number, what) & 4294967295), 8, '0'))::uuid
$$;

-- The part of a kind that is drawn by this throw; a `skew` of 2 has few that come up often.
create function bench.drawn(number bigint, nth int, many int, skew int default 1) returns int
language sql immutable as $$
  select floor(many * bench.chance(number, nth) ^ skew)::int
$$;

-- What is not there yet of the works from `first` through `last`: how many that were.
create function bench.invent(
  first bigint, last bigint, source text, rare_every int, newest int, chance_of_order double precision
) returns int language plpgsql as $$
declare
  names constant int := (select count(*) from bench.parts where kind = 'name');
  people constant int := (select count(*) from bench.parts where kind = 'person');
  passages constant int := (select count(*) from bench.parts where kind = 'passage');
  common constant bench.parts := p from bench.parts p where kind = 'common';
  invented int;
begin
  create temp table works on commit drop as
  select number, bench.id(number, 0) as id,
    (array['book', 'movie', 'tv', 'game', 'music'])[1 + number % 5] as media_type,
    concat_ws(' ', a.said, coalesce(b.said, initcap(rare.word))) as title,
    concat_ws(' ', a.key, coalesce(b.key, rare.word)) as title_key,
    concat_ws(' ', a.plain, coalesce(b.plain, rare.word)) as title_plain,
    a.head || coalesce(b.head, rare.head, '') as title_head,
    a.body || coalesce(b.body, rare.body, '') as title_body,
    s as subtitle, one as person, other, house,
    concat_ws(' ', t1.said, case when number % 2 = 1 then common.said end, t2.said, t3.said)
      as description,
    t1.body || case when number % 2 = 1 then common.body else '' end || coalesce(t2.body, '')
      || coalesce(t3.body, '') as description_body,
    make_date(newest - floor(120 * bench.chance(number, 3) ^ 3)::int,
      1 + bench.drawn(number, 4, 12), 1 + bench.drawn(number, 5, 28)) as released,
    known.by as known_by,
    least(15, 10 * ln(1 + known.by) / ln(1 + 22000))::real as popularity
  from generate_series(first, last) number
  cross join lateral (
    select round((1 / (1 - bench.chance(number, 6)))::numeric, 3)::real) known(by)
  join bench.parts a on a.kind = 'name' and a.n = bench.drawn(number, 10, names)
  left join lateral (
    select r.word, to_tsvector('catalog.title_words', r.word), to_tsvector('catalog.words', r.word)
    from bench.rare_word(number, rare_every) r(word) where number % rare_every = 0
  ) rare(word, head, body) on true
  left join bench.parts b on b.kind = 'name' and b.n = bench.drawn(number, 11, names)
    and number % rare_every > 0 and bench.chance(number, 12) < 0.6
  left join bench.parts s on s.kind = 'name' and s.n = bench.drawn(number, 13, names) and number % 6 = 0
  join bench.parts house on house.kind = 'name' and house.n = bench.drawn(number, 14, names)
  join bench.parts one on one.kind = 'person' and one.n = bench.drawn(number, 15, people, 2)
  join bench.parts other on other.kind = 'person' and other.n = bench.drawn(number, 16, people, 2)
  join bench.parts t1 on t1.kind = 'passage' and t1.n = bench.drawn(number, 20, passages)
  left join bench.parts t2 on t2.kind = 'passage' and t2.n = bench.drawn(number, 21, passages)
    and number % 3 > 0
  left join bench.parts t3 on t3.kind = 'passage' and t3.n = bench.drawn(number, 22, passages)
    and number % 3 > 1
  where not exists (
    select from catalog.media_sources m
    where m.source_name = source and m.external_id = number::text);
  get diagnostics invented = row_count;

  insert into catalog.media_items (
    id, media_type, title, subtitle, description, release_date, cover_image_url, creators,
    popularity, version, created_at, updated_at)
  select id, media_type, title, (subtitle).said, description, released,
    case when number % 3 > 0 then 'https://covers.example.org/' || number || '.jpg' end,
    array[case media_type when 'game' then (house).said else (person).said end],
    popularity, 1, now(), now()
  from works;
  insert into catalog.books (media_item_id, authors, page_count, publisher, language, isbn_13)
  select id, array[(person).said], 80 + bench.drawn(number, 30, 800), (house).said, 'en',
    bench.isbn_13(number)
  from works where media_type = 'book';
  insert into catalog.screens (
    media_item_id, runtime_minutes, directors, producers, tmdb_type, imdb_id)
  select id, 20 + bench.drawn(number, 30, 150), array[(person).said], array[(other).said], media_type,
    'tt9' || lpad(number::text, 8, '0')
  from works where media_type in ('movie', 'tv');
  insert into catalog.games (media_item_id, platforms, developers, publishers, genres)
  select id, '{Linux,Browser}', array[(house).said], array[(other).said], '{Adventure}'
  from works where media_type = 'game';
  insert into catalog.music_tracks (
    media_item_id, artist_name, album_name, track_number, duration_ms)
  select id, (person).said, (house).said, 1 + bench.drawn(number, 30, 14),
    60000 + bench.drawn(number, 31, 400000)
  from works where media_type = 'music';
  insert into catalog.media_sources (
    id, media_item_id, source_name, external_id, raw_payload, raw_payload_bytes, popularity,
    fetched_at)
  select bench.id(number, 1), id, source, number, '\x7b7d', 2, known_by, now() from works;
  insert into catalog.item_search (
    media_item_id, media_type, popularity, tier, title_key, sort_key, head, document, tags,
    is_stale)
  select id, media_type, ordered.popularity, due.tags[1], title_key,
    regexp_replace(title_key, '^(the|an?) ', ''),
    setweight(title_head, 'A') || setweight(coalesce((subtitle).head, ''), 'B')
      || setweight(creator.head, 'C') || years.words,
    title_body || coalesce((subtitle).body, '') || creator.body || description_body
      || further.body || years.words,
    due.tags, false
  from works,
    lateral (
      select case media_type when 'game' then (house).head else (person).head end,
        case media_type when 'game' then (house).body else (person).body end) creator(head, body),
    lateral (
      select case media_type
        when 'movie' then (other).body when 'tv' then (other).body
        when 'game' then (other).body || to_tsvector('catalog.words', 'adventure linux browser')
        else (house).body end) further(body),
    lateral (
      select array_to_tsvector(array[
        'year:' || extract(year from released), 'decade:' || floor(extract(year from released) / 10)])
    ) years(words),
    lateral (
      select (popularity + ('x' || right(id::text, 8))::bit(32)::bigint / 4294967296.0
        * chance_of_order)::real) ordered(popularity),
    catalog.search_tags(media_type, ordered.popularity) as due;
  insert into bench.spoken (term, popularity)
  select term, max(popularity)
  from works, string_to_table(
    concat_ws(' ', title_plain, case media_type when 'game' then (house).plain
      else (person).plain end), ' ') term
  where length(term) between 2 and 40
  group by term;
  return invented;
end $$;
