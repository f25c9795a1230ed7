"""The menu that a newcomer sees first. All works are real; the notes are ours."""

from typing import Any, NamedTuple


class Work(NamedTuple):
    """A work, its note on the menu, and the fields of its kind as `POST /api/media` takes them."""

    media_type: str
    title: str
    release_date: str
    note: str
    details: dict[str, Any]
    subtitle: str | None = None
    description: str | None = None


class Course(NamedTuple):
    title: str
    intent: str
    description: str
    works: tuple[Work, ...]


TITLE = "A Lamp Over Dark Water"
DESCRIPTION = (
    "Fifteen works about the sea at night and the small lights people keep beside it. Begin on the"
    " quay while there is still some colour in the sky, climb to the lamp, row out to the islands,"
    " and be on open water when the morning comes. Nothing here is in a hurry; take one course an "
    "evening."
)

HARBOUR = Course(
    title="Harbour, at dusk",
    intent="To get your eyes used to the dark",
    description="Three ways of standing at the edge and looking out before anybody casts off.",
    works=(
        Work(
            "music",
            "La mer",
            "1905-10-15",
            "Debussy finished it in Eastbourne, far from any sea he would have called his own, and"
            " said that memory served him better than the view. Play only the first sketch, From "
            "Dawn to Noon on the Sea, and play it now, at the wrong end of the day: the brass "
            "chorale at its close is the last light you get for a while.",
            {
                "music": {
                    "artist_name": "Claude Debussy",
                    "album_name": "La mer, trois esquisses symphoniques",
                }
            },
            subtitle="Three symphonic sketches for orchestra",
            description="The sea in three movements, from dawn to the dialogue of wind and waves.",
        ),
        Work(
            "book",
            "The Sea Around Us",
            "1951-07-02",
            "Before Silent Spring made Carson a warning, this made her a storyteller. Read The "
            "Sunless Sea at the window with one lamp on. She describes a place without light and "
            "you keep noticing how much of it she makes you see.",
            {
                "book": {
                    "authors": ["Rachel Carson"],
                    "publisher": "Oxford University Press",
                    "language": "en",
                }
            },
            description="A biography of the ocean: how it began, how it moves, what lives below.",
        ),
        Work(
            "game",
            "Dredge",
            "2023-03-30",
            "A fishing game that teaches the oldest rule of the harbour, be home by dark, and then"
            " gives you every reason to stay out for one more catch. The fog is patient. Play "
            "until the first time you see your own lighthouse from far away and feel relief; that "
            "feeling "
            "is what the next course is about.",
            {
                "game": {
                    "platforms": ["PC", "PlayStation 5", "Xbox Series X/S", "Nintendo Switch"],
                    "developers": ["Black Salt Games"],
                    "publishers": ["Team17"],
                    "genres": ["Adventure", "Fishing"],
                }
            },
            description="A fisherman, a small boat, an archipelago, and something below the hull.",
        ),
    ),
)

KEEPERS = Course(
    title="The keepers",
    intent="To ask what it costs to keep a light for others",
    description="Four stories from inside the tower, where the lamp leaves no room for much else.",
    works=(
        Work(
            "book",
            "To the Lighthouse",
            "1927-05-05",
            "The trip to the lighthouse is promised on the first page and takes ten years and a "
            "war. In Time Passes the house stands empty and only the beam comes to look in; twenty"
            " pages in which nobody is there and everything happens. If you read one thing on this"
            " "
            "menu twice, let it be that.",
            {
                "book": {
                    "authors": ["Virginia Woolf"],
                    "publisher": "Hogarth Press",
                    "language": "en",
                }
            },
            description="A family, a summer house on Skye, and an outing that has to wait.",
        ),
        Work(
            "movie",
            "The Lighthouse",
            "2019-10-18",
            "Two men, one lamp, and a quarrel over who may sit beside it. Eggers shot it in black "
            "and white in an almost square frame, so that the tower fills the picture and there is"
            " "
            "nowhere to look away. Let the foghorn be too loud. It is very funny until it is not.",
            {
                "movie": {
                    "runtime_minutes": 109,
                    "directors": ["Robert Eggers"],
                    "producers": ["Rodrigo Teixeira", "Jay Van Hoy", "Robert Eggers"],
                    "tmdb_type": "movie",
                }
            },
            description="New England in the 1890s: two keepers, a storm, and no relief boat.",
        ),
        Work(
            "book",
            "The Lamplighters",
            "2021-03-04",
            "In December 1900 three keepers vanished from Flannan Isle. Stonex moves the mystery "
            "to Cornwall and to 1972, and then turns from the men to the women who waited on shore"
            " "
            "for an answer. The tide tables are exact; the grief is too.",
            {"book": {"authors": ["Emma Stonex"], "publisher": "Picador", "language": "en"}},
            description="Three men are gone from a locked tower, and twenty years go by.",
        ),
        Work(
            "music",
            "Four Sea Interludes",
            "1945-06-13",
            "Britten wrote them to cover the scene changes of Peter Grimes, and they carry off the"
            " opera. Moonlight is the one for this course: the swell breathes in the low strings, "
            "and flute and harp prick it with small points of light, never quite where you expect.",
            {
                "music": {
                    "artist_name": "Benjamin Britten",
                    "album_name": "Four Sea Interludes from Peter Grimes, Op. 33a",
                    "track_number": 3,
                }
            },
            subtitle="From the opera Peter Grimes",
            description="Dawn, Sunday Morning, Moonlight and Storm on the Suffolk coast.",
        ),
    ),
)

ISLANDS = Course(
    title="Islands",
    intent="To find out who you are when the last boat has left",
    description="Four small places with water on every side. Two are haunted and two are home.",
    works=(
        Work(
            "book",
            "The Summer Book",
            "1972-01-01",
            "A girl and her grandmother on an island you could walk round in minutes, talking "
            "about God, worms and the weather. Jansson lived on such a rock for most of her "
            "summers, and knew that moss dies when it is stepped on a third time. The gentlest "
            "thing on the "
            "menu, and it looks straight at death.",
            {
                "book": {
                    "authors": ["Tove Jansson"],
                    "publisher": "Albert Bonniers Förlag",
                    "language": "sv",
                }
            },
            subtitle="Sommarboken",
            description="Twenty-two vignettes from an island in the Gulf of Finland.",
        ),
        Work(
            "music",
            "Islands",
            "1971-12-03",
            "The quiet side of King Crimson: nearly twelve minutes of cornet, piano and harmonium "
            "that drift without once setting foot on land. Put it on when the dishes are done. "
            "Someone will ask what it is, and it will be over before you have explained.",
            {
                "music": {
                    "artist_name": "King Crimson",
                    "album_name": "Islands",
                    "track_number": 6,
                }
            },
            description="The title piece that closes the fourth album of King Crimson.",
        ),
        Work(
            "tv",
            "Midnight Mass",
            "2021-09-24",
            "Crockett Island has 127 people, one church and a ferry that stops in bad weather. A "
            "priest arrives at night with a heavy trunk. Watch it for the long talks about what "
            "happens when we die, and for a last boat scene in which dawn is the thing to be "
            "afraid of and, in the end, to sing to.",
            {"movie": {"directors": ["Mike Flanagan"], "tmdb_type": "tv"}},
            description="Seven episodes on a fading fishing island and a miracle that has a price.",
        ),
        Work(
            "game",
            "Dear Esther",
            "2012-02-14",
            "You walk over a Hebridean island towards a red light that blinks on a mast, and a man"
            " reads letters to somebody who will not answer. There is nothing to solve. The caves "
            "in "
            "the third part are the most beautiful dark in any game, and it takes one evening.",
            {
                "game": {
                    "platforms": ["PC", "macOS"],
                    "developers": ["The Chinese Room"],
                    "publishers": ["The Chinese Room"],
                    "genres": ["Adventure", "Walking simulator"],
                }
            },
            description="An island, a beacon, and fragments of letters to Esther.",
        ),
    ),
)

OPEN_WATER = Course(
    title="Open water, then morning",
    intent="To go past the last light, and to come back",
    description="The lamp sinks below the horizon. What is left is ship, cold and stars.",
    works=(
        Work(
            "tv",
            "The Terror",
            "2018-03-25",
            "Franklin's two ships sit in the ice for a winter in which the sun does not rise. It "
            "begins as a horror story about what hunts the crew and becomes one about decency: who"
            " "
            "still shares, who still says good night. Count how often somebody holds up a lantern.",
            {"movie": {"directors": ["Edward Berger"], "tmdb_type": "tv"}},
            description="The lost expedition of 1845, after Dan Simmons; first season.",
        ),
        Work(
            "game",
            "Return of the Obra Dinn",
            "2018-10-18",
            "A ship drifts home with nobody aboard, and you, an insurance clerk with a pocket "
            "watch, must find the name and the fate of all sixty. Drawn in one bit, so that every "
            "scene is lantern or night. Keep a notebook, and do not look anything up.",
            {
                "game": {
                    "platforms": ["PC", "macOS", "Nintendo Switch", "PlayStation 4", "Xbox One"],
                    "developers": ["Lucas Pope"],
                    "publishers": ["3909 LLC"],
                    "genres": ["Puzzle", "Adventure"],
                }
            },
            description="1807: an East Indiaman comes back without its people. Find out why.",
        ),
        Work(
            "movie",
            "Song of the Sea",
            "2014-09-06",
            "A lighthouse keeper, his two children, and a white coat locked in a chest by the sea."
            " After so much cold water this is the lamp in the window: hand-drawn, round as a tide"
            " pool, and as honest about a mother's absence as Woolf. Watch it with whoever is "
            "still "
            "awake.",
            {
                "movie": {
                    "runtime_minutes": 93,
                    "directors": ["Tomm Moore"],
                    "tmdb_type": "movie",
                }
            },
            description="A boy finds out that his silent little sister is a selkie.",
        ),
        Work(
            "music",
            "Become Ocean",
            "2014-09-30",
            "Three groups of the orchestra rise and fall at their own pace, and three times in "
            "forty-two minutes their crests meet. It reads the same forwards and backwards, so "
            "that "
            "you end where the water began. Lie down. By the last wave it should be light outside.",
            {
                "music": {
                    "artist_name": "John Luther Adams",
                    "album_name": "Become Ocean",
                    "track_number": 1,
                }
            },
            subtitle="Seattle Symphony, Ludovic Morlot",
            description="One movement for large orchestra; Pulitzer Prize for Music 2014.",
        ),
    ),
)

COURSES = (HARBOUR, KEEPERS, ISLANDS, OPEN_WATER)
