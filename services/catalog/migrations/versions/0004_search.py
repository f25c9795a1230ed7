"""Search for a million works: the best known first, tier by tier, instead of ranking all.

What the version before reads and writes stays until the next release: its function, its text search
configuration, and every column it knows; the new columns have defaults. What it writes is stale,
as is all that was there before: the sweep `search_index` indexes it anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INTS = postgresql.ARRAY(sa.Integer())

TEXT_SEARCH = (
    # Everything said of a work: stems, without words such as "the".
    "create text search configuration catalog.words (copy = pg_catalog.english)",
    # Titles and names may be nothing but such words: "It", "The Who".
    "create text search dictionary catalog.english_stems (template = snowball, language = english)",
    "create text search configuration catalog.title_words (copy = pg_catalog.english)",
    """alter text search configuration catalog.title_words
         alter mapping replace english_stem with catalog.english_stems""",
)

TYPES = (
    "create type catalog.search_hit as (id uuid, media_type text, score real)",
    # What a hit has to be beside what was typed. A creator is asked for twice: in the head, where
    # creators have a weight of their own, and in the document, whose index has all words.
    # No condition: empty queries, and null.
    """create type catalog.search_filter as (
         years tsquery, creator tsquery, creator_words tsquery, media_types text[],
         among uuid[])""",
)

# Tier 0 are the best known 500 works, each further one has three times as many as all before; the
# last one, 9, are all others, and all as long as nothing was ranked. The first tag is the tier
# among all works, the second one tells the type and the tier in that.
SEARCH_TIER = """
create function catalog.search_tier(popularity real, boundaries real[]) returns int
language sql immutable as $$
  select case
    when cardinality(boundaries) = 0 then 0
    when popularity >= boundaries[1]
      then cardinality(boundaries) - width_bucket(popularity, boundaries)
    else 9
  end
$$
"""
# A table of one row, since Postgres makes such a function a part of the statement that asks.
SEARCH_TAGS = """
create function catalog.search_tags(media_type text, popularity real) returns table (tags int[])
language sql stable as $$
  select array[
    catalog.search_tier($2, among_all.boundaries),
    catalog.search_type($1) + catalog.search_tier($2, in_type.boundaries)]
  from (values ('any')) everything(name)
  left join catalog.popularity_tiers among_all on among_all.media_type = everything.name
  left join catalog.popularity_tiers in_type on in_type.media_type = $1
$$
"""
SEARCH_TYPE = """
create function catalog.search_type(media_type text) returns int
language sql immutable as $$
  select 10 * array_position(array['book', 'movie', 'tv', 'game', 'music'], media_type)
$$
"""

# "The Hitchhiker's Guide" is asked for without its s.
WITHOUT_S = """
create function catalog.without_s(word text) returns text
language sql immutable as $$
  select case when length(word) > 4 and right(word, 1) = 's' then left(word, -1) else word end
$$
"""
# A word and a misspelling of it share one: of both, themselves and whatever is left without one
# letter; and of both, what is left without vowels and doubled letters.
DELETIONS = r"""
create function catalog.deletions(word text) returns int[]
language plpgsql immutable strict as $$
declare
  base constant text := catalog.without_s(word);
  skeleton constant text := regexp_replace(translate(
    left(base, 1) || replace(replace(substr(base, 2), 'ph', 'f'), 'ck', 'k'),
    'czqvaeiouyhw', 'kskf'), '(.)\1+', '\1', 'g');
  forms int[] := array[hashtext(base)];
begin  -- a loop, since one statement would take ten times as long
  if word ~ '[0-9]' then
    return forms;
  end if;
  if length(base) > 2 then
    for n in 1..length(base) loop
      forms := forms || hashtext(overlay(base placing '' from n for 1));
    end loop;
  end if;
  if length(skeleton) > 2 then
    forms := forms || hashtext('~' || skeleton);
  end if;
  return forms;
end $$
"""

SEARCH_ALLOWS = """
create function catalog.search_allows(s catalog.item_search, f catalog.search_filter)
returns boolean language sql immutable as $$
  select (f.media_types is null or s.media_type = any(f.media_types))
    and (f.among is null or s.media_item_id = any(f.among))
    and (numnode(f.creator) = 0 or s.head @@ f.creator)
    and (numnode(f.years) = 0 or s.document @@ f.years)
$$
"""

SEARCH_FILTER_OF = """
create function catalog.search_filter_of(
  years text, creators text, media_types text[], among uuid[]
) returns catalog.search_filter language sql immutable as $$
  select row(
    coalesce(years, '')::tsquery,
    to_tsquery('catalog.title_words', coalesce(replace(creators, ' ', ':C & ') || ':C', '')),
    plainto_tsquery('catalog.words', coalesce(creators, '')),
    media_types, among)::catalog.search_filter
$$
"""

# The place decides, then how much of the title was asked for and how well known the work is.
SEARCH_SCORE = """
create function catalog.search_score(
  head tsvector, wanted tsquery, closeness double precision, popularity real
) returns real language sql immutable as $$
  select (popularity + case
    when not head @@ wanted then 100
    when ts_filter(head, '{a}') @@ wanted then 500 + 6 * least(closeness, 1)
    when ts_filter(head, '{a,b}') @@ wanted then 400
    else 300 + 3 * ts_rank('{0,0.5,0.5,1}', head, wanted)
  end)::real
$$
"""

# What has one of the tags, or whatever matches; 1500 at most. A tag that half of all works
# have saves nothing: the index would have to go through all of them.
SEARCH_TAGGED = """
create function catalog.search_tagged(
  wanted tsquery, narrowed tsquery, in_heads boolean, f catalog.search_filter, any_tag int[],
  asked_length real
) returns catalog.search_hit[] language plpgsql stable as $$
begin
  if in_heads and any_tag is null then
    return array(
      select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
      where s.head @@ narrowed limit 1500);
  elsif in_heads then
    return array(
      select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
      where s.head @@ narrowed and s.tags && any_tag limit 1500);
  elsif any_tag is null then
    return array(
      select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
      where s.document @@ narrowed and (numnode(f.creator) = 0 or s.head @@ f.creator) limit 1500);
  end if;
  return array(
    select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
    where s.document @@ narrowed and s.tags && any_tag
      and (numnode(f.creator) = 0 or s.head @@ f.creator) limit 1500);
end $$
"""
SEARCH_HIT_OF = """
create function catalog.search_hit_of(s catalog.item_search, wanted tsquery, asked_length real)
returns catalog.search_hit language sql immutable as $$
  select row(s.media_item_id, s.media_type, catalog.search_score(
    s.head, wanted, asked_length / length(s.title_key), s.popularity))::catalog.search_hit
$$
"""

# Where to stop reading tiers, the first `done` of which held so many: all of them when no more than
# 1500 are to be expected, or else where there are likely to be about two hundred.
SEARCH_UNTIL = """
create function catalog.search_until(found int, done int, per_tier_of int, works bigint, tiers int)
returns int language sql immutable as $$
  select case
    when (found + 1) * works / (500 * 4 ^ (done - 1) * per_tier_of) > 1500
      then least(tiers, done + greatest(1, round(log(4, 200 / (found + 1.0))))::int)
    else tiers
  end
$$
"""

# All that match, or else two hundred at least: whole tiers, the best known first.
SEARCH_CANDIDATES = """
create function catalog.search_candidates(
  wanted tsquery, heads_only boolean, title text, short text, f catalog.search_filter,
  out hits catalog.search_hit[], out complete boolean
) language plpgsql stable as $$
declare
  want constant int := 200;
  most constant int := 1500;
  heads constant tsquery := wanted && f.years && f.creator;
  documents constant tsquery := wanted && f.years && f.creator_words;
  asked_length constant real := length(title);
  types constant int[] := array(select catalog.search_type(t) from unnest(f.media_types) t);
  of_types constant text[] := coalesce(f.media_types, array['any']);
  tiers constant int[] := array(select generate_series(0, greatest(1, (
    select max(cardinality(t.boundaries)) from catalog.popularity_tiers t
    where t.media_type = any(of_types))) - 1)) || 9;
  all_tiers constant int := cardinality(tiers);
  works constant bigint := (
    select sum(t.works) from catalog.popularity_tiers t where t.media_type = any(of_types));
  done int := 0;  -- so many of the tiers are read
  until int := 1;
  part catalog.search_hit[];
  found int;
begin
  hits := array(
    select row(s.media_item_id, s.media_type,
      600 + s.popularity + case when s.title_key = title then 2 else 0 end)::catalog.search_hit
    from catalog.item_search s
    where s.sort_key = short and catalog.search_allows(s, f)
    order by s.popularity desc limit want);
  complete := cardinality(hits) < want;
  if numnode(wanted) = 0 then
    return;
  end if;
  if f.among is not null then
    hits := hits || array(
      select catalog.search_hit_of(s, wanted, asked_length)
      from unnest(f.among) a(id) join catalog.item_search s on s.media_item_id = a.id
      where case when heads_only then s.head @@ heads else s.document @@ documents end
        and catalog.search_allows(s, f));
    return;
  end if;

  -- As a rule there are few: then all of them.
  while not heads_only and done < all_tiers loop
    part := catalog.search_tagged(wanted, documents, false, f,
      catalog.search_tags_of(types, tiers, done, until), asked_length);
    hits := hits || part;
    complete := complete and cardinality(part) < most;
    done := until;
    until := catalog.search_until(
      cardinality(hits), done, cardinality(of_types), works, all_tiers);
    if until < all_tiers then
      exit when done > 1 or cardinality(part) > 12;
      until := least(3, all_tiers);
    end if;
  end loop;

  -- Titles and names before texts. (What must not be there may be in the text.)
  if done < all_tiers and wanted::text not like '%!%' then
    declare
      done_heads int := done;
    begin
      found := (select count(*) from unnest(hits) h where h.score >= 300);
      while done_heads < all_tiers and found < want loop
        until := case when done_heads = 0 then 1 else catalog.search_until(
          found, done_heads, cardinality(of_types), works, all_tiers) end;
        part := catalog.search_tagged(wanted, heads, true, f,
          catalog.search_tags_of(types, tiers, done_heads, until), asked_length);
        hits := hits || part;
        found := found + cardinality(part);
        complete := complete and cardinality(part) < most;
        done_heads := until;
      end loop;
      if heads_only then
        complete := complete and done_heads = all_tiers;
        return;
      end if;
    end;
  end if;
  found := cardinality(hits);
  while done < all_tiers and found < want loop
    until := catalog.search_until(found, done, cardinality(of_types), works, all_tiers);
    part := catalog.search_tagged(wanted, documents, false, f,
      catalog.search_tags_of(types, tiers, done, until), asked_length);
    hits := hits || part;
    found := found + cardinality(part);
    complete := complete and cardinality(part) < most;
    done := until;
  end loop;
  complete := complete and done = all_tiers;
end $$
"""
# The tags of some of the tiers; null, which is no condition, when there are no types and the last
# tier is one of them.
SEARCH_TAGS_OF = """
create function catalog.search_tags_of(types int[], tiers int[], done int, until int) returns int[]
language sql immutable as $$
  select case
    when cardinality(types) > 0
      then array(select t + n from unnest(types) t, unnest(tiers[done + 1 : until]) n)
    when until < cardinality(tiers) then tiers[done + 1 : until]
  end
$$
"""

# The best known works of which the title, without its article, begins like this.
TITLES_BEGINNING = """
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
end $$
"""

# The best known works that have all of these words in title and names, the last one as a beginning.
WORDS_BEGINNING = """
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
  after constant int[] := '{0,1,3}';
  through constant int[] := '{0,2,9}';
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
  for step in 1..3 loop
    return query
      select s.media_item_id, s.media_type::text, (250 + s.popularity)::real
      from catalog.item_search s
      where s.head @@ wanted and s.tags && array(
          select t + n from unnest(types) t, generate_series(after[step], through[step]) n)
        and (not is_short or s.title_key ~ ('\\m' || beginning))
        and catalog.search_allows(s, f)
      limit want * 5;
    get diagnostics got = row_count;
    exit when got >= want;
  end loop;
end $$
"""

# Each word, or what is nearly like it. Letters in the wrong order are one mistake, not two.
CORRECTED = """
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
$$
"""

# A page of what search found: see catalog.search.repository. `scores` are as search_score has them;
# beginnings of titles and of words (250) are below names, texts follow (100), then corrections (a
# tenth of that), and then, beyond the candidates, all else in order of popularity (less 1000).
# `total` is null where there are too many to count, `counts` are of all types, in the order of
# search_type, and null unless asked for.
FIND_MEDIA = """
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
end $$
"""

# What may have been meant where hardly any title or name has the words.
NEAR_MISSES = """
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
end $$
"""

# By the planner, which knows how common words are.
ESTIMATED_COUNT = """
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
end $$
"""

# In the order of search_type; of an estimate each type has its part, as if it had the same words.
COUNTS_BY_TYPE = """
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
$$
"""

# For the list under a search box: exactly this title, titles that begin so, and words.
SUGGEST_MEDIA = """
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
end $$
"""

FUNCTIONS = (
    SEARCH_TYPE,
    SEARCH_TIER,
    SEARCH_TAGS,
    WITHOUT_S,
    DELETIONS,
    SEARCH_FILTER_OF,
    SEARCH_ALLOWS,
    SEARCH_SCORE,
    SEARCH_HIT_OF,
    SEARCH_TAGGED,
    SEARCH_UNTIL,
    SEARCH_TAGS_OF,
    SEARCH_CANDIDATES,
    TITLES_BEGINNING,
    WORDS_BEGINNING,
    CORRECTED,
    NEAR_MISSES,
    ESTIMATED_COUNT,
    COUNTS_BY_TYPE,
    FIND_MEDIA,
    SUGGEST_MEDIA,
)


def upgrade() -> None:
    for statement in TEXT_SEARCH + TYPES[:1]:
        op.execute(statement)
    widen_item_search()
    create_search_terms()
    op.create_table(
        "popularity_tiers",
        sa.Column("media_type", sa.String(8), nullable=False),
        sa.Column("boundaries", postgresql.ARRAY(sa.REAL()), nullable=False),
        sa.Column("works", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("media_type", name="pk_popularity_tiers"),
        schema="catalog",
    )
    op.execute(TYPES[1])
    for statement in FUNCTIONS:
        op.get_bind().exec_driver_sql(statement)  # as it is: op.execute takes ":C" for a parameter
    fill_new_columns()
    create_indexes()


def widen_item_search() -> None:
    for column in (
        sa.Column("tier", sa.SmallInteger(), server_default="9", nullable=False),
        sa.Column("holders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sort_key", sa.String(200, collation="C"), server_default="", nullable=False),
        sa.Column("tags", INTS, server_default="{9}", nullable=False),
        sa.Column("is_stale", sa.Boolean(), server_default="true", nullable=False),
    ):
        op.add_column("item_search", column, schema="catalog")
    for name in ("words", "title_key", "media_type"):
        op.drop_index(f"ix_item_search_{name}", "item_search", schema="catalog")


def create_search_terms() -> None:
    op.create_table(
        "search_terms",
        sa.Column("term", sa.String(40, collation="C"), nullable=False),
        sa.Column("deletions", INTS, nullable=False),
        sa.Column("popularity", sa.REAL(), nullable=False),
        sa.PrimaryKeyConstraint("term", name="pk_search_terms"),
        schema="catalog",
    )
    op.create_index(
        "ix_search_terms_deletions",
        "search_terms",
        ["deletions"],
        schema="catalog",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 256},
    )


def fill_new_columns() -> None:
    """So that all is found right away, by type as well; years and small words come later."""
    op.execute(
        """update catalog.item_search
             set tags = (select tags from catalog.search_tags(media_type, popularity)),
               sort_key = regexp_replace(title_key, '^(the|an?) ', '')"""
    )


def create_indexes() -> None:
    op.execute(
        """create index ix_item_search_head_document_tags on catalog.item_search
             using gin (head, document, tags) with (gin_pending_list_limit = 256)"""
    )
    op.execute(
        """create index ix_item_search_sort_key
             on catalog.item_search (sort_key, popularity desc)"""
    )
    # The best known are enough for a list of eight, and most works are written without these.
    op.execute(
        """create index ix_item_search_sort_key_known
             on catalog.item_search (sort_key, popularity desc) where tier <= 3"""
    )
    for letters in (1, 2, 3):
        op.execute(
            f"""create index ix_item_search_letters_{letters}
                  on catalog.item_search ("left"(sort_key, {letters}), popularity desc)
                  where tier <= 3"""
        )
    for name in ("is_stale", "holders > 0"):
        op.create_index(
            f"ix_item_search_{name.split()[0]}",
            "item_search",
            ["media_item_id"],
            schema="catalog",
            postgresql_where=sa.text(name),
        )


def downgrade() -> None:
    for function in (
        "suggest_media",
        "find_media",
        "counts_by_type",
        "estimated_count",
        "near_misses",
        "corrected",
        "words_beginning",
        "titles_beginning",
        "search_candidates",
        "search_tags_of",
        "search_until",
        "search_tagged",
        "search_hit_of",
        "search_score",
        "search_allows",
        "search_filter_of",
        "deletions",
        "without_s",
        "search_tags",
        "search_tier",
        "search_type",
    ):
        op.execute(f"drop function catalog.{function}")
    op.execute("drop type catalog.search_filter")
    op.execute("drop type catalog.search_hit")
    op.drop_table("popularity_tiers", schema="catalog")
    op.drop_table("search_terms", schema="catalog")
    for column in ("is_stale", "tags", "sort_key", "holders", "tier"):
        op.drop_column("item_search", column, schema="catalog")
    op.execute(
        """create index ix_item_search_words on catalog.item_search
             using gin (head, document) with (gin_pending_list_limit = 256)"""
    )
    op.create_index("ix_item_search_title_key", "item_search", ["title_key"], schema="catalog")
    op.create_index(
        "ix_item_search_media_type",
        "item_search",
        ["media_type", "popularity", "media_item_id"],
        schema="catalog",
    )
    for configuration in ("title_words", "words"):
        op.execute(f"drop text search configuration catalog.{configuration}")
    op.execute("drop text search dictionary catalog.english_stems")
