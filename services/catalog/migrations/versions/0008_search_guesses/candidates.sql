-- All that match, or else two hundred titles and names, or sixty texts, at least: whole tiers, the
-- best known first.
create or replace function catalog.search_candidates(
  wanted tsquery, heads_only boolean, title text, short text, f catalog.search_filter,
  out hits catalog.search_hit[], out complete boolean
) language plpgsql stable as $$
declare
  want constant int := 200;
  want_texts constant int := 60;  -- they are in order of popularity, as are those that follow
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
      exit when done > 1 or cardinality(part) > 5;
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
  while done < all_tiers and found < want_texts loop
    until := catalog.search_until(found, done, cardinality(of_types), works, all_tiers);
    if until < all_tiers then
      until := done + 1;
    end if;
    part := catalog.search_tagged(wanted, documents, false, f,
      catalog.search_tags_of(types, tiers, done, until), asked_length);
    hits := hits || part;
    found := found + cardinality(part);
    complete := complete and cardinality(part) < most;
    done := until;
  end loop;
  complete := complete and done = all_tiers;
end $$;
