"""The page that a run ends with."""

import dataclasses

from figures import Row, replace_between, table


def not_measured(group, why):
    """A group that fails as a whole: its goals have not held."""
    return Row(group, f"the rows of `{group}`", "", 0, [], note=why)


def as_json(row):
    return dataclasses.asdict(row) | {"held": row.is_held}


def page(rows, facts):
    goals = [row for row in rows if row.limit is not None]
    held = sum(not row.fails for row in goals)
    minutes = max(1, round(facts["seconds"] / 60))
    lines = [
        f"{facts['when']}, commit {facts['commit']}, {facts['processor']}, {facts['cores']} cores, Linux {facts['kernel']}; "
        f"{facts['rounds']} rounds, {minutes} min, generator: {facts['generator']}. **{held} of {len(goals)} goals hold.**",
    ]
    if facts["left_out"]:
        lines.append(f"This run left out: {'; '.join(facts['left_out'])}.")
    if others := [row for row in rows if row.group != "attack"]:
        lines.append(table(others))
    if attacks := [row for row in rows if row.group == "attack"]:
        lines += ["Under attack: CPU a query of each kind, to that of the ordinary mix in the same rounds.", table(attacks)]
    return "\n\n".join(lines)


def write_docs(path, text):
    with open(path, encoding="utf-8") as file:
        changed = replace_between(file.read(), text)
    with open(path, "w", encoding="utf-8") as file:
        file.write(changed)
