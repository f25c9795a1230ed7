"""The part of a write that search reads: what is to be found of works, and the words they are found
by. It is a part of a statement, so that a work and its entry are there at once."""

# By how much better known a work has to be than those whose words these were, to be written down.
TERM_STEP = 0.5
# Of `items`: id, media_type, and `search`, the JSON of an indexing.SearchEntry. Terms are added in
# one order, so that no two writes wait for each other, and only those that are new or better known.
WRITE = f"""
    words as materialized (
      select i.id, i.media_type, e.title_key, e.sort_key, e.popularity, e.terms,
        to_tsvector('catalog.title_words', e.title) as title,
        to_tsvector('catalog.title_words', e.subtitle) as subtitle,
        to_tsvector('catalog.title_words', e.creators) as creators,
        to_tsvector('catalog.words', concat_ws(' ', e.title, e.subtitle, e.creators, e.rest))
          as all_words,
        array_to_tsvector(e.years) as years
      from items i, json_to_record(i.search) as e(
        title_key text, sort_key text, title text, subtitle text, creators text, rest text,
        years text[], popularity real, terms text[])
    ),
    known_terms as (
      insert into catalog.search_terms (term, deletions, popularity)
      select term, catalog.deletions(term), popularity
      from (
        select w.term, max(words.popularity) as popularity
        from words, unnest(words.terms) as w(term) group by w.term) as theirs
      where not exists (
        select from catalog.search_terms t
        where t.term = theirs.term and t.popularity > theirs.popularity - {TERM_STEP})
      order by term
      on conflict (term) do update set
        popularity = greatest(search_terms.popularity, excluded.popularity)
    ),
    entries as (
      insert into catalog.item_search (
        media_item_id, media_type, popularity, tier, title_key, sort_key, head, document, tags,
        is_stale)
      select id, media_type, popularity, due.tags[1], title_key, sort_key,
        setweight(title, 'A') || setweight(subtitle, 'B') || setweight(creators, 'C') || years,
        all_words || years, due.tags, false
      from words, catalog.search_tags(media_type, popularity) as due
      on conflict (media_item_id) do update set
        media_type = excluded.media_type, title_key = excluded.title_key,
        sort_key = excluded.sort_key, head = excluded.head, document = excluded.document,
        is_stale = false, popularity = excluded.popularity + ln(1 + item_search.holders),
        (tier, tags) = (
          select due.tags[1], due.tags from catalog.search_tags(
            excluded.media_type, (excluded.popularity + ln(1 + item_search.holders))::real) as due)
    )
"""  # noqa: S608 constants
