-- What typos are compared by.

-- "The Hitchhiker's Guide" is asked for without its s.
create function catalog.without_s(word text) returns text
language sql immutable as $$
  select case when length(word) > 4 and right(word, 1) = 's' then left(word, -1) else word end
$$;

-- A word and a misspelling of it share one: of both, themselves and whatever is left without one
-- letter; and of both, what is left without vowels and doubled letters.
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
end $$;
