"""What `make chaos` prints: counts, and what of them is a loss."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Report:
    losses: list[str] = field(default_factory=list)

    def count(self, what: str, value: object) -> None:
        print(f"  {what:58} {value}", flush=True)

    def expect(self, what: str, value: object, wanted: object) -> None:
        """Print the value; anything but the wanted one is a loss."""
        is_met = value == wanted
        print(f"  {what:58} {value}{'' if is_met else f'   WANTED {wanted}'}", flush=True)
        if not is_met:
            self.losses.append(f"{what}: {value}, wanted {wanted}")
