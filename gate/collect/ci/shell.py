"""The commands of a `run` script: what is run, on which line, and what becomes of its failure. Pure.

This is the part of the shell's grammar (POSIX.1-2024, Shell Command Language, 2.9 and 2.10) that says which words are a
command: lists, pipelines, groups, functions, substitutions. What a word is, is told by `shell_words`. Nothing is
expanded or executed. Text in quotes is never a command, and neither is a comment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gate.collect.ci.shell_blocks import Blocks
from gate.collect.ci.shell_words import Lexer, Word

_LONGEST = 256 * 1024
_DEEPEST = 8
_RESERVED = frozenset({"if", "then", "else", "elif", "fi", "while", "until", "do", "done", "esac", "{", "}", "!"})
_HEADS = frozenset({"for", "case", "select", "function"})
_CONDITIONS = frozenset({"if", "elif", "while", "until"})


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command.

    `words` are its words with their quotes taken off; `line` counts from 0 in the script. `joined` is the operator in
    front of it ("" for the first of a list), `then` the one behind it ("", `;`, `&&`, `||`, `|`, `&`). `condition` is
    true in the test of an `if` or a loop, where a failure is an answer; `inner` for a command whose output is used as
    text; `grouped` for the first of a bracket or a `{` group, `level` counts the groups around it. `negated` is true
    behind a `!`. `dead` is true where it certainly never runs (`if false`, behind `exit`, in a function that nobody
    calls), and for the call of a function of the script, whatever program has that name.
    """

    words: tuple[str, ...]
    line: int
    joined: str = ""
    then: str = ""
    condition: bool = False
    inner: bool = False
    grouped: bool = False
    level: int = 0
    negated: bool = False
    dead: bool = False
    function: str = ""


def read_commands(script: str, depth: int = 0) -> list[Command]:
    """Return the commands of a script in order, those of its substitutions right behind the command they are in."""
    if depth > _DEEPEST:
        return []
    return called(list(_arranged(Lexer(script[:_LONGEST]), depth)))


def called(commands: list[Command]) -> list[Command]:
    """Return the commands with those dead that a function holds which nobody calls, and the calls themselves."""
    defined = {command.function for command in commands if command.function}
    if not defined:
        return commands
    calls = {
        command.words[0]
        for command in commands
        if command.words[0] in defined and command.function != command.words[0] and not command.dead
    }
    # What a function is handed to (`trap f EXIT`, `xargs f`) may call it too.
    calls |= {word for command in commands for word in command.words[1:] if word in defined}
    return [
        replace(command, dead=True)
        if command.words[0] in defined or (command.function and command.function not in calls)
        else command
        for command in commands
    ]


@dataclass(slots=True)
class _State:
    """Where the reading stands. `fresh` is true right behind an operator that joins two commands."""

    words: list[Word] = field(default_factory=list)
    joined: str = ""
    fresh: bool = False
    condition: bool = False
    grouped: bool = False
    negated: bool = False
    cases: int = 0
    pattern: bool = False
    held: Word | None = None
    blocks: Blocks = field(default_factory=Blocks)


def _arranged(lexer: Lexer, depth: int) -> Iterator[Command]:
    """Yield the commands of the tokens."""
    state = _State()
    for token in lexer.tokens():
        held, state.held = state.held, None
        if held is not None and not (isinstance(token, tuple) and token[0] == ")"):
            state.words.insert(0, held)
            yield from _finished(state, "(", depth)
            _after(state, "(")
            held = None
        if isinstance(token, Word):
            _add(state, token)
        elif held is not None:
            state.blocks.define(held.text)
        elif state.pattern:
            # What stands before the `)` of a `case` is a pattern.
            state.words.clear()
            state.pattern = token[0] != ")"
        elif token[0] == "(" and len(state.words) == 1 and not state.words[0].quoted:
            state.held = state.words.pop()  # the name of a function, where the bracket is closed at once
        else:
            yield from _finished(state, token[0], depth)
            _after(state, token[0])
    if state.held is not None:
        state.words.insert(0, state.held)
    yield from _finished(state, "", depth)


def _add(state: _State, word: Word) -> None:
    first = state.words[0].text if state.words else ""
    if first == "case":
        if word.text == "in" and not word.quoted:
            state.words.clear()
            state.cases += 1
            state.pattern = True
            state.blocks.open("case")
        elif len(state.words) < 2:
            state.words.append(word)
        return
    if not state.words and not word.quoted and word.text in _RESERVED:
        _reserved(state, word.text)
        return
    if first == "function" and len(state.words) == 1:
        state.words.clear()
        state.blocks.define(word.text)
        return
    if word.text or word.quoted:
        state.words.append(word)


def _reserved(state: _State, word: str) -> None:
    state.condition = word in _CONDITIONS or (state.condition and word == "!")
    state.grouped = state.grouped or word == "{"
    state.negated = word == "!"
    state.blocks.word(word)
    if word == "esac":
        state.cases, state.pattern = max(0, state.cases - 1), False


def _after(state: _State, operator: str) -> None:
    if operator in ("(", ")"):
        state.blocks.word(operator)
    if operator == "(":
        state.grouped = True
    elif operator == "\n" and state.fresh:
        return  # a list goes on in the next line
    else:
        state.fresh = operator in ("&&", "||", "|", "|&")
        state.joined = operator if state.fresh else ""
        state.grouped = False
    if operator in ("\n", ";", "&", ";;"):
        state.condition = False
    if operator not in ("|", "|&", "("):
        state.negated = False
    if operator == ";;" and state.cases:
        state.pattern = True


def _finished(state: _State, operator: str, depth: int) -> Iterator[Command]:
    """Yield the command that ends here, and those of its substitutions."""
    words = state.words
    if not words:
        return
    state.words = []
    state.fresh = False
    then = ";" if operator in ("\n", ";;", ")", "(") else operator
    texts = tuple(word.text for word in words)
    blocks = state.blocks
    dead = blocks.step(texts, state.joined, then, condition=state.condition, negated=state.negated)
    if words[0].quoted or words[0].text not in _HEADS:
        yield Command(
            texts,
            words[0].line,
            state.joined,
            then,
            state.condition,
            False,
            state.grouped,
            blocks.level,
            state.negated,
            dead,
            blocks.function,
        )
    for word in words:
        for inner, line in word.inner:
            for each in read_commands(inner, depth + 1):
                yield replace(
                    each,
                    line=line + each.line,
                    condition=each.condition,
                    inner=True,
                    dead=each.dead or dead,
                    function=each.function or blocks.function,
                )
