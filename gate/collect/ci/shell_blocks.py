"""The blocks of a script, as far as they say what certainly never runs: `if false`, `true || x`, after `exit`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

_TRUE = frozenset({"true", ":"})
_MOST = 500


@dataclass(slots=True)
class _Block:
    """One block that is open.

    `known` is what its condition always is, `taken` whether an earlier part always runs, `dead` whether its present
    part never does.
    """

    kind: str
    known: bool | None = None
    dead: bool = False
    taken: bool = False
    body: bool = False
    name: str = ""


@dataclass(slots=True)
class Blocks:
    """The blocks that are open, and what is known of the list at hand."""

    _open: list[_Block] = field(default_factory=list)
    _list: bool | None = None
    _ended: bool = False
    _defined: str = ""

    @property
    def level(self) -> int:
        """How many groups are open."""
        return sum(block.kind in ("{", "(") for block in self._open)

    @property
    def function(self) -> str:
        """The function that is being defined, "" for none."""
        return next((block.name for block in reversed(self._open) if block.name), "")

    def define(self, name: str) -> None:
        """Note that what follows is the body of a function."""
        self._defined = name

    def open(self, kind: str) -> None:
        """Open a block."""
        name, self._defined = (self._defined, "") if kind in ("{", "(") else ("", self._defined)
        if len(self._open) < _MOST:
            self._open.append(_Block(kind, name=name))

    def word(self, word: str) -> None:
        """Take a reserved word, or a bracket."""
        top = self._open[-1] if self._open else None
        if word in ("if", "while", "until", "{", "("):
            self.open(word)
        elif word in ("fi", "done", "}", ")", "esac"):
            if self._open:
                self._open.pop()
        elif word == "do":
            self._do(top)
        elif top is not None and top.kind == "if" and word == "then":
            top.dead = top.taken or top.known is False
        elif top is not None and top.kind == "if" and word in ("else", "elif"):
            top.taken = top.taken or top.known is True
            top.dead = top.taken

    def _do(self, top: _Block | None) -> None:
        if top is None or top.kind not in ("while", "until") or top.body:
            self.open("for")
            return
        top.body = True
        top.dead = top.known is (top.kind == "until")

    def step(self, words: tuple[str, ...], joined: str, then: str, *, condition: bool, negated: bool) -> bool:
        """Take a command; return whether it certainly never runs."""
        if not joined:
            self._list = None
        never = self._left_out(joined)
        dead = never or self._ended or any(block.dead for block in self._open)
        if not never:
            piped = joined in ("|", "|&") or then in ("|", "|&")
            self._list = None if piped else _constant(words, negated=negated)
        if condition and self._open and not self._open[-1].dead:
            self._open[-1].known = self._list
        if words[0] == "exit" and not joined and not self._open and not dead and then in ("", ";"):
            self._ended = True
        return dead

    def _left_out(self, joined: str) -> bool:
        """Whether the command in front decides that this one is left out."""
        if joined in ("|", "|&"):
            return False
        return (joined == "||" and self._list is True) or (joined == "&&" and self._list is False)


def _constant(words: tuple[str, ...], *, negated: bool) -> bool | None:
    known = True if words[0] in _TRUE else False if words == ("false",) else None
    return known if known is None or not negated else not known
