-- What has one of the tags, or whatever matches; 1500 at most. A tag that half of all works
-- have saves nothing: the index would have to go through all of them. The best known works have an
-- index of their own.
create or replace function catalog.search_tagged(
  wanted tsquery, narrowed tsquery, in_heads boolean, f catalog.search_filter, any_tag int[],
  asked_length real
) returns catalog.search_hit[] language plpgsql stable as $$
begin
  if in_heads and any_tag is null then
    return array(
      select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
      where s.head @@ narrowed limit 1500);
  elsif in_heads and any_tag <@ '{0,1,2}' then
    return array(
      select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
      where s.head @@ narrowed and s.tags && any_tag and s.tier <= 2 limit 1500);
  elsif in_heads then
    return array(
      select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
      where s.head @@ narrowed and s.tags && any_tag limit 1500);
  elsif any_tag is null then
    return array(
      select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
      where s.document @@ narrowed and (numnode(f.creator) = 0 or s.head @@ f.creator) limit 1500);
  elsif any_tag <@ '{0,1,2}' then
    return array(
      select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
      where s.document @@ narrowed and s.tags && any_tag and s.tier <= 2
        and (numnode(f.creator) = 0 or s.head @@ f.creator) limit 1500);
  end if;
  return array(
    select catalog.search_hit_of(s, wanted, asked_length) from catalog.item_search s
    where s.document @@ narrowed and s.tags && any_tag
      and (numnode(f.creator) = 0 or s.head @@ f.creator) limit 1500);
end $$;
