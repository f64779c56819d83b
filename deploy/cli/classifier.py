"""`gridwhistle classifier`: teach a district's classifier of texts, measure it, and see what it would say.

What learns is imported by the command that needs it: it takes a second that no other command should wait for.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.cli._classifier_figures import print_figures
from deploy.cli._classifier_store import answers, bodies, history, put, suggester
from deploy.cli._console import AsJson, fail, print_json, print_table, say
from deploy.cli._profiles import MONGO_URL, MongoUrl
from deploy.learning.examples import Example, Examples, UnreadableFileError, groups, read_examples, write_examples
from shared.classifier.format import decode, encode
from shared.classifier.model import Guess
from shared.classifier.suggester import Suggester
from shared.contracts.incidents import Suggestion
from shared.infra.classifiers import Facts

if TYPE_CHECKING:
    from deploy.learning.training import Learnt

app = typer.Typer(name="classifier", help="Categories from texts: teach, measure, try out.", no_args_is_help=True)

SHOWN = 8

Known = Annotated[str, typer.Option("--district", help="A profile's folder or file, or the code of an applied one.")]
Applied = Annotated[str, typer.Option("--district", help="The code of a district with an applied profile.")]
Csv = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with the columns text and label (or .gz).")]
SkipUnknown = Annotated[bool, typer.Option("--skip-unknown", help="Leave out rows whose label is no category.")]


@app.command()
def train(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV: text,label (or .gz).")],
    district: Applied,
    skip_unknown: SkipUnknown = False,
    dry_run: Annotated[bool, typer.Option(help="Learn and say how good it is, store nothing.")] = False,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Learn from a centre's history and store the model as the district's next version; intake takes it in seconds.

    A label is a category as a partner may call it: key, old code, name or alias.
    """
    index = suggester(district, mongo_url).index
    read = [_read(path) for path in files]
    rows = _named([row for one in read for row in one.rows], Suggester(index), skip_unknown=skip_unknown)
    learnt = _learn(rows)
    body = encode(learnt.model)
    facts = Facts(learnt.rows, len(learnt.model.labels), learnt.accuracy, ", ".join(path.name for path in files))
    stored = None if dry_run else put(index.profile.code, body, facts, mongo_url)
    if as_json:
        print_json({
            "district": index.profile.code,
            "version": stored.version if stored else None,
            "rows": learnt.rows,
            "categories": len(learnt.model.labels),
            "left_out": learnt.left_out,
            "accuracy": learnt.accuracy,
            "bytes": len(body),
        })  # fmt: skip
        return
    typer.echo(
        f"{learnt.rows} texts of {len(learnt.model.labels)} categories; right on {learnt.accuracy:.1%} of those it had "
        f"not seen; {len(body):,} bytes"
    )
    if learnt.left_out:
        say(f"Left out, fewer than five texts each: {', '.join(sorted(learnt.left_out))}")
    if stored:
        typer.echo(f"{stored.district} is at classifier version {stored.version}")


@app.command()
def evaluate(
    file: Csv,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Parts of the cross-validation.")] = 5,
    threshold: Annotated[float, typer.Option(min=0, max=1, help="Confidence from which a category is taken.")] = 0.8,
    trained_on: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Learn from this file instead, judge FILE.")
    ] = None,
    district: Annotated[
        str | None, typer.Option(help="Judge FILE by what this district (code, or profile's path) has now.")
    ] = None,
    skip_unknown: SkipUnknown = False,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Measure on FILE: by cross-validation within it, or what another file or a district's own classifier makes of it.

    Labels may be anything, except with --district, where they name categories. Texts that are one complaint sent again
    are never both learnt from and judged.
    """
    if trained_on and district:
        raise typer.BadParameter("--trained-on and --district answer different questions; choose one")
    read = _read(file)
    if not read.rows:
        fail(f"{file} has no row with a text and a label.")
    measured = _measure(read.rows, folds, threshold, trained_on, _of(district, mongo_url), skip_unknown=skip_unknown)
    figures = {**measured, "skipped": read.skipped}
    if as_json:
        print_json(figures)
    else:
        print_figures(figures)


def _of(district: str | None, mongo_url: str) -> Suggester | None:
    return suggester(district, mongo_url) if district else None


def _measure(
    rows: Sequence[Example],
    folds: int,
    threshold: float,
    trained_on: Path | None,
    judge: Suggester | None,
    *,
    skip_unknown: bool,
) -> dict[str, Any]:
    """Return the figures of whoever is to judge the rows, and who that is."""
    from deploy.learning import measuring  # noqa: PLC0415 - see above
    from deploy.learning.training import TooFewError  # noqa: PLC0415 - see above

    judged, said = measuring.Judged(), dict[str, Any]()
    if judge:
        said = {"method": f"judged by district {judge.index.profile.code}, {_version(judge)}"}
        judged.ask(_as_guess(judge), _named(rows, judge, skip_unknown=skip_unknown))
    elif trained_on:
        learnt_from = _unlike(_read(trained_on).rows, rows)
        said = {"method": f"trained on {trained_on.name}", "learnt_from": len(learnt_from)}
        judged.ask(decode(encode(_learn(learnt_from).model)).guess, rows)
    else:
        repeated = len(rows) - len(set(groups(_texts(rows))))
        try:
            judged, sizes = measuring.cross_validate(rows, folds)
        except TooFewError as error:
            fail(f"{error}.")
        said = {"method": f"cross-validation, {folds} folds", "repeated": repeated, "model_bytes": max(sizes)}
    if not judged.truth:
        fail("No row has a label that is a category of the district.")
    return {**said, **measuring.figures(judged, threshold)}


@app.command()
def suggest(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT", help="What a report says.")],
    district: Known,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """Show which category a text would get, how surely, and what would become of the report."""
    judge = suggester(district, mongo_url)
    said = [(text, judge.suggest(text)) for text in texts]
    if as_json:
        rows = [
            {"text": text, "suggested": one and one.model_dump(), "opens": _opens(judge, one)} for text, one in said
        ]
        print_json(rows)
        return
    print_table(("text", "category", "confidence", "by", "the report"), [_trial(judge, *one) for one in said])


def _opens(judge: Suggester, said: Suggestion | None) -> bool:
    return said is not None and said.confidence >= judge.threshold


def _trial(judge: Suggester, text: str, said: Suggestion | None) -> tuple[str, ...]:
    if said is None:
        return text, "-", "", "", "goes to triage"
    named = judge.index.categories.get(said.category)
    becomes = "opens a case" if _opens(judge, said) else "goes to triage with it"
    return text, f"{said.category} {named.name if named else ''}", f"{said.confidence:.2f}", said.source, becomes


@app.command()
def export(
    district: Applied,
    out: Annotated[Path | None, typer.Option(help="Write here instead of standard output.")] = None,
    mongo_url: MongoUrl = MONGO_URL,
) -> None:
    """Write what humans answered in triage as CSV (text,label), oldest first: for the next `train`."""
    rows = [Example(one["text"], one["category"]) for one in answers(district, mongo_url)]
    written = write_examples(rows)
    if out:
        out.write_text(written, encoding="utf-8")
    else:
        sys.stdout.write(written)
    say(f"{len(rows)} answers")


@app.command("list")
def list_versions(
    district: Annotated[str | None, typer.Option(help="Only this district.")] = None,
    mongo_url: MongoUrl = MONGO_URL,
    as_json: AsJson = False,
) -> None:
    """List every stored version; the newest of a district is at work."""
    found = [one for one in history(mongo_url) if district in {None, one.district}]
    if as_json:
        print_json([{**asdict(one), "stored_at": one.stored_at.isoformat()} for one in found])
        return
    columns = ("district", "version", "stored", "texts", "categories", "right on unseen", "bytes", "from")
    rows = []
    for one in found:
        facts = one.facts
        right = "" if facts.accuracy is None else f"{facts.accuracy:.1%}"
        at = f"{one.stored_at:%Y-%m-%d %H:%M}"
        counts = (str(facts.rows), str(facts.categories), right, f"{one.size:,}")
        rows.append((one.district, str(one.version), at, *counts, facts.note))
    print_table(columns, rows)


@app.command()
def revert(
    district: Applied,
    version: Annotated[int, typer.Option(min=0, help="The version to go back to; 0 is the code tables alone.")],
    mongo_url: MongoUrl = MONGO_URL,
) -> None:
    """Store an older version once more as the newest."""
    body, facts = b"", Facts(note="no model")
    if version:
        body, facts = bodies(district, version, mongo_url)
        facts = replace(facts, note=f"version {version} again")
    stored = put(district, body, facts, mongo_url)
    typer.echo(f"{district} is at classifier version {stored.version}, which is {facts.note}")


def _read(path: Path) -> Examples:
    try:
        return read_examples(path)
    except UnreadableFileError as error:
        fail(f"{error}.")


def _learn(rows: Sequence[Example]) -> "Learnt":
    from deploy.learning.training import TooFewError, learn  # noqa: PLC0415 - see above

    try:
        return learn(rows)
    except TooFewError as error:
        fail(f"{error}.")


def _named(rows: Sequence[Example], judge: Suggester, *, skip_unknown: bool) -> list[Example]:
    """Return the rows with their labels as category keys; one that is none ends the command unless told otherwise."""
    known = {label: judge.index.category(label) for label in {row.label for row in rows}}
    unknown = Counter(row.label for row in rows if known[row.label] is None)
    if unknown and not skip_unknown:
        shown = ", ".join(f"{label} ({number} rows)" for label, number in unknown.most_common(SHOWN))
        fail(
            f"{len(unknown)} labels are no category of district {judge.index.profile.code}: {shown}.\n"
            "Name them as aliases in the profile (aliases.csv), or say --skip-unknown."
        )
    return [Example(row.text, found.key) for row in rows if (found := known[row.label]) is not None]


def _unlike(rows: Sequence[Example], judged: Sequence[Example]) -> list[Example]:
    """Return the rows that are none of the judged texts sent again."""
    together = groups([*_texts(judged), *_texts(rows)])
    seen = set(together[: len(judged)])
    return [row for row, group in zip(rows, together[len(judged) :], strict=True) if group not in seen]


def _texts(rows: Sequence[Example]) -> list[str]:
    return [row.text for row in rows]


def _as_guess(judge: Suggester) -> Any:
    def guess(text: str) -> Guess | None:
        said = judge.suggest(text)
        return None if said is None else Guess(said.category, said.confidence)

    return guess


def _version(judge: Suggester) -> str:
    return f"model version {judge.trained.version}" if judge.trained else "the words of its code tables"
