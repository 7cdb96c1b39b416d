"""The one shape that every pricing model has, so that a plan can pick any of them by key and a form can be drawn from its schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar, cast

from pricing.engines.checkers import charges
from pricing.engines.errors import InputError, UnknownModelError
from pricing.engines.result import Claim, Line, Quote, Standing, canonical, canonical_without_floats, written_digest, written_plan
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import SAFE_INTEGER, check_schema, takes_floats, validate
from pricing.money import BIGINT_MAX, Currency


class Verb(StrEnum):
    """What can be asked of a model; most answer one or two of these."""

    APPRAISE = "appraise"
    QUOTE = "quote"
    RATE = "rate"
    OPTIMISE = "optimise"
    CLEAR = "clear"
    SPLIT = "split"
    PROPOSE = "propose"
    OBSERVE = "observe"


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in English and Chinese."""

    en: str
    zh: str


_Step = TypeVar("_Step")
Progress: TypeAlias = Callable[[int, int], None]
"""Takes how many steps are done and how many there are. May raise, which ends the computation; no answer depends on it."""


Memory: TypeAlias = Callable[[Sequence[JsonObject]], JsonObject]
"""Makes inputs, by name, from the extras of the quotes that a buyer bought by the same plan before; the same names if there are none."""


def silent(done: int, total: int, /) -> None:
    """Report progress to nobody."""


def counted(steps: Sequence[_Step], progress: Progress) -> Iterator[_Step]:
    """Yield the steps of a computation, reporting before each how many are done, and in the end all of them."""
    for done, step in enumerate(steps):
        progress(done, len(steps))
        yield step
    progress(len(steps), len(steps))


@dataclass(frozen=True, slots=True)
class Call:
    """What a model is given: validated parameters and inputs with their defaults, and the seed if it draws at random.

    ``plan`` is what the model's ``check_params`` made of the parameters, so that it need not read them again for every use. A model that
    may compute for more than about a second reports its ``progress``, some ten to a hundred times in all: a listener may query a database.
    """

    params: JsonObject
    inputs: JsonObject
    seed: int | None
    plan: object = None
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model gives back; ``Model.run`` makes it a quote. The lines sum to the amount, which is not negative.

    What the amount means follows from the verb: a price (quote, rate, propose), a value (appraise), an expected revenue (optimise), what
    all winners pay together (clear), what is divided (split), zero (observe).

    ``clear`` states who won in ``extras["awards"]``, a list of ``{"bidder", "minor", …}`` that sum to the amount, and who is paid in
    ``extras["receipts"]``, a list of ``{"seller", "minor", …}``, empty unless there are many sellers. ``split`` states
    ``extras["shares"]``, a list of ``{"holder", "minor"}``, and ``extras["undistributed_minor"]``; together they sum to the amount.
    Minor units are text.
    """

    currency: Currency
    lines: tuple[Line, ...]
    claims: tuple[Claim, ...] = ()
    extras: JsonObject | None = None

    @property
    def amount_minor(self) -> int:
        """The sum of the lines."""
        return sum([line.amount_minor for line in self.lines])


@dataclass(frozen=True, slots=True)
class Operation:
    """One verb of a model: the schema of its inputs and the pure function behind it.

    Attributes:
        seeded: whether it draws at random, always or, given as a function, under some parameters only.
        remember: where a use is priced by what its buyer bought before, which is then for the market to say and not for the buyer.
    """

    inputs_schema: Schema
    run: Callable[[Call], Answer]
    seeded: bool | Callable[[JsonObject], bool] = False
    remember: Memory | None = None
    write: Callable[[Json], bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Choose how accepted inputs are written: the same bytes, sooner where no float can be among them."""
        object.__setattr__(self, "write", canonical if takes_floats(self.inputs_schema) else canonical_without_floats)

    def draws(self, params: JsonObject) -> bool:
        """Whether it draws at random under these validated parameters, and so needs a seed."""
        return self.seeded if isinstance(self.seeded, bool) else self.seeded(params)


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: what is asked, and the exact amount in minor units that comes back."""

    title: Text
    verb: Verb
    params: JsonObject
    inputs: JsonObject
    amount_minor: int
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """One pricing model at one version. A stored quote names both, so a version never changes its arithmetic once it was used.

    Attributes:
        key: short name, unique with the version; what a plan stores.
        params_schema: JSON Schema of what the participant who picks the model sets once.
        operations: by verb, the JSON Schema of what each use supplies, and the function.
        sentences: by line code, the label of such a line in English and Chinese, with its parameters in braces.
        examples: at least one; the tests run them all.
        check_params: refuses filled parameters that mean nothing; what it returns is what a call finds as its ``plan``.
    """

    key: str
    version: int
    name: Text
    help: Text
    params_schema: Schema
    operations: Mapping[Verb, Operation]
    sentences: Mapping[str, tuple[str, str]]
    examples: tuple[Example, ...]
    check_params: Callable[[JsonObject], object] = lambda params: params

    def __post_init__(self) -> None:
        """Refuse a model whose schemas the validator would not fully honour."""
        check_schema(self.params_schema, "params")
        for verb, operation in self.operations.items():
            check_schema(operation.inputs_schema, f"{verb}.inputs")

    @property
    def verbs(self) -> frozenset[Verb]:
        """What can be asked of this model."""
        return frozenset(self.operations)

    def validated_params(self, params: Json) -> JsonObject:
        """Return a plan's parameters with defaults filled in; call it when the plan is made, so that no quote fails on them later.

        Raises:
            InputError: the first violation, naming a field under ``params``.
        """
        filled = cast("JsonObject", validate(self.params_schema, params, "params"))
        self.check_params(filled)
        return filled

    def prepared(self, params: JsonObject) -> Prepared:
        """Return the model with a plan's parameters read once, for many uses of that plan.

        Raises:
            InputError: the first violation, naming a field under ``params``.
        """
        filled = cast("JsonObject", validate(self.params_schema, params, "params"))
        return Prepared(self, filled, self.check_params(filled), written_plan(self.key, params))

    def run(self, verb: Verb, *, params: JsonObject, inputs: JsonObject, seed: int | None = None, progress: Progress = silent) -> Quote:
        """Answer one question. Pure: the same arguments give the same quote, to the byte, whoever listens to its progress.

        Raises:
            UnknownModelError: VERB_UNKNOWN, SEED_REQUIRED, SEED_UNUSED, SEED_OUT_OF_RANGE.
            InputError: a field under ``params`` or ``inputs`` is refused; OVERFLOW if the amount would not fit.
        """
        self.operation(verb)
        return self.prepared(params).run(verb, inputs=inputs, seed=seed, progress=progress)

    def operation(self, verb: Verb) -> Operation:
        """Return the operation of a verb.

        Raises:
            UnknownModelError: VERB_UNKNOWN.
        """
        operation = self.operations.get(verb)
        if operation is None:
            raise UnknownModelError("VERB_UNKNOWN", key=self.key, verb=str(verb)[:16])
        return operation

    def describe(self) -> JsonObject:
        """Return the model as JSON: names, help, verbs, schemas and worked examples, from which a form can be drawn."""
        return {
            "key": self.key,
            "version": self.version,
            "name": {"en": self.name.en, "zh": self.name.zh},
            "help": {"en": self.help.en, "zh": self.help.zh},
            "params_schema": self.params_schema,
            "verbs": {verb.value: operation.inputs_schema for verb, operation in sorted(self.operations.items())},
            "examples": [
                {
                    "title": {"en": example.title.en, "zh": example.title.zh},
                    "verb": example.verb.value,
                    "params": example.params,
                    "inputs": example.inputs,
                    "amount_minor": str(example.amount_minor),
                    "seed": example.seed,
                }
                for example in self.examples
            ],
        }


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model with the parameters of one plan read once; each use then costs only what depends on its inputs.

    Attributes:
        params: the parameters with their defaults.
        plan: what the model's ``check_params`` made of them.
        written: what the digest of every use shares: the model's key and the parameters as they were given.
    """

    model: Model
    params: JsonObject
    plan: object
    written: bytes

    def run(self, verb: Verb, *, inputs: JsonObject, seed: int | None = None, progress: Progress = silent) -> Quote:
        """Answer one question about this plan: ``Model.run`` with its parameters.

        Raises:
            UnknownModelError: VERB_UNKNOWN, SEED_REQUIRED, SEED_UNUSED, SEED_OUT_OF_RANGE.
            InputError: a field under ``inputs`` is refused; OVERFLOW if the amount would not fit.
        """
        model, operation = self.model, self.model.operation(verb)
        _check_seed(model.key, seed, draws=operation.draws(self.params))
        filled = cast("JsonObject", validate(operation.inputs_schema, inputs, "inputs"))
        answer = operation.run(Call(self.params, filled, seed, self.plan, progress))
        amount = answer.amount_minor
        if max(amount, *[abs(line.amount_minor) for line in answer.lines], 0) > BIGINT_MAX:
            raise InputError("OVERFLOW", "inputs")
        quote = Quote(
            amount_minor=amount,
            currency=answer.currency,
            lines=answer.lines,
            claims=(*answer.claims, _LINES_SUM),
            extras=answer.extras or {},
            model=model.key,
            version=model.version,
            verb=verb.value,
            seed=seed,
            inputs_digest=written_digest(self.written, version=model.version, verb=verb.value, inputs=operation.write(inputs), seed=seed),
        )
        witness = charges.lines_sum(quote)
        if witness is not None:
            message = f"{model.key}: a line is not its quantity times its unit price: {dict(witness)}"
            raise ValueError(message)
        return quote


def _check_seed(key: str, seed: int | None, *, draws: bool) -> None:
    if draws and seed is None:
        raise UnknownModelError("SEED_REQUIRED", key=key)
    if not draws and seed is not None:
        raise UnknownModelError("SEED_UNUSED", key=key)
    if seed is not None and not 0 <= seed <= SAFE_INTEGER:
        raise UnknownModelError("SEED_OUT_OF_RANGE")


_LINES_SUM: Final = Claim(charges.LINES_SUM, Standing.CHECKED)
