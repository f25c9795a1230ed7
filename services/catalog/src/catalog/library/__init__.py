"""What people have done with works: where they stand, their diaries, their tags."""
