-- What has most of the words, where nothing has all of them.

-- The best of what is found by some of the words, if it has enough of all weight; of words that very
-- many works have, among the best known.
create function catalog.search_partly(
  wanted tsquery, expected real, enough real, typed tsquery[], meant tsquery[], weights real[],
  f catalog.search_filter
) returns catalog.search_hit[] language plpgsql stable as $$
declare
  most constant int := 500;
  -- As counted last: a catalogue that was empty then has a few by now.
  works constant real := greatest(
    1000, (select t.works from catalog.popularity_tiers t where t.media_type = 'any'));
  found catalog.search_hit[];
begin
  execute format(
    $matches$ select array_agg(best.hit) from (
      select row(s.media_item_id, s.media_type,
          least(9.9, 8 * w.share + s.popularity / 10))::catalog.search_hit as hit
      from (
        select * from catalog.item_search s
        where s.head @@ $1 and %s and catalog.search_allows(s, $2) limit $3) s,
      lateral (
        select sum(u.weight) filter (where s.head @@ u.meant) as found,
          -- What is as it was typed counts more than what may have been meant.
          sum(case when s.head @@ u.typed then u.weight when s.head @@ u.meant then 0.8 * u.weight
            else 0 end) / sum(u.weight) as share
        from unnest($4, $5, $6) u(typed, meant, weight)) w
      where w.found >= $8
      order by 8 * w.share + s.popularity / 10 desc limit 20) best $matches$,
    case when expected > most then 's.tags && $7' else 'true' end)
  into found using wanted, f, most, typed, meant, weights,
    array(
      select t from generate_series(0, 9) t
      where expected / works * 500 * 4 ^ t <= most), enough;
  return coalesce(found, '{}');
end $$;

-- Words weigh by how rare they are; half of that if no title or name has them, or if they are years
-- or types.
-- What has enough of all weight, two fifths or, of two words, the better half, has one of the rarest
-- words, and so only these are read: each with another one, and, if that finds nothing, alone. Of
-- many words the few rarest will have to do.
create function catalog.partial_matches(
  tokens text[], meanings tsquery[], f catalog.search_filter
) returns catalog.search_hit[] language plpgsql stable as $$
declare
  many constant int := 4;
  works constant real := greatest(
    1000, (select t.works from catalog.popularity_tiers t where t.media_type = 'any'));
  typed tsquery[];
  meant tsquery[];
  weights real[];
  remaining real;
  enough real;
  rarest int := 0;
  alone tsquery := '';
  in_pairs tsquery := '';
  later tsquery := '';
  found catalog.search_hit[] := '{}';
begin
  if cardinality(tokens) = 1 or cardinality(array_remove(meanings, null)) = 0 then
    return found;
  end if;
  select array_agg(w.typed order by w.weight desc), array_agg(w.meant order by w.weight desc),
    array_agg(w.weight order by w.weight desc), sum(w.weight),
    sum(w.weight) * case when count(*) > 2 then 0.4 else 0.55 end
  into typed, meant, weights, remaining, enough
  from (
    select p as typed, m as meant, ln(1 + works / greatest(1, catalog.estimated_count(m, true, f)))
      * case
        when u.meaning is null or catalog.release_year(u.word) is not null
          or catalog.named_type(u.word) is not null then 0.5 else 1 end as weight
    from unnest(tokens, meanings) u(word, meaning), plainto_tsquery('catalog.words', u.word) p,
      coalesce(u.meaning, p) m
    where numnode(p) > 0) w;
  while remaining >= enough and rarest < least(many, cardinality(meant)) loop
    rarest := rarest + 1;
    alone := alone || meant[rarest];
    remaining := remaining - weights[rarest];
  end loop;
  if cardinality(meant) > 2 then
    for n in reverse least(2 + many, cardinality(meant)) - 1..1 loop
      later := later || meant[n + 1];
      if n <= rarest then
        in_pairs := in_pairs || (meant[n] && later);
      end if;
    end loop;
    found := catalog.search_partly(
      in_pairs, catalog.estimated_count(in_pairs, true, f)::real, enough, typed, meant, weights, f);
  end if;
  if cardinality(found) = 0 and rarest > 0 then
    -- The planner takes rare words for several times as common as they are.
    found := catalog.search_partly(
      alone, (catalog.estimated_count(alone, true, f) / 5)::real, enough, typed, meant, weights, f);
  end if;
  return found;
end $$;
