"""Every rule of the house that reads the tree."""

from collections.abc import Callable, Iterator

from tests.house import files, imports, rooms, text
from tests.house.source import House

Rule = Callable[[House], Iterator[str]]

RULES: tuple[Rule, ...] = (
    imports.imports_go_down,
    imports.imports_name_the_whole_path,
    imports.nothing_imports_in_a_circle,
    imports.rooms_are_entered_by_the_door,
    imports.rooms_enter_lower_rooms_only,
    imports.drivers_stay_in_their_place,
    imports.what_is_imported_is_declared,
    imports.only_tables_and_queries_speak_sqlalchemy,
    text.files_fit_the_eye,
    text.functions_fit_the_eye,
    text.everything_public_says_what_it_is_for,
    text.nothing_is_left_for_later,
    text.nothing_floats_between_event_and_invoice,
    text.no_loops_over_events_or_lines,
    text.time_is_told_not_read,
    text.settings_are_read_in_one_place,
    text.sql_lives_in_files,
    text.statements_say_what_they_return,
    text.words_mean_one_thing,
    text.others_are_named_as_sources_only,
    rooms.a_room_has_the_known_furniture,
    rooms.a_room_says_what_it_owns,
    rooms.messages_have_names_of_their_own,
    rooms.notices_have_types_of_their_own,
    files.the_top_is_given,
    files.no_registry_is_named,
    files.no_machine_is_named,
    files.nothing_is_copied_from_others,
)
"""Each takes a tree and yields complaints, every one with its place and the way out."""


def broken(rule: Rule, house: House) -> list[str]:
    """Return what a rule complains of, each thing once."""
    return list(dict.fromkeys(rule(house)))
