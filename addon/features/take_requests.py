"""Requests whose answers are takes: they go into the list, and the first of them onto the avatar."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import bpy

from .. import pump, takes
from ..reports import Report
from .reporting import fail
from .requests import RequestOperator, push_undo, read_file, working_file
from .setup.avatar import current_avatar

EDITING, TAKES = "editing", "takes"
"""Panels that show reports and progress of what is made anew, and of what is imported and exported."""


class TakeRequestOperator(RequestOperator):
    """Mixin of operators that make takes. An operator says by `_wants_applying` whether the first one is applied."""

    undo_name = "Generate Take"
    _output: Path | None = None
    _scene: str = ""
    _betas: str = ""

    def received(self, scene: bpy.types.Scene, items: list[Any], answer: Mapping[str, Any], /) -> None:
        """The takes are in the list."""

    def _wants_applying(self, context: bpy.types.Context, /) -> tuple[bool, bool]:
        """Whether the take is applied, and whether that was asked for by a script, which then fails without avatar."""
        raise NotImplementedError

    def apply_settings(self) -> dict[str, Any]:
        """Settings of `apply_take` that aren't the panel's."""
        return {}

    def expect(self, context: bpy.types.Context, betas: Any) -> str:
        """Path for the engine's output. betas: body shape that the take is made for, as a list. Raises `UserError`."""
        self._scene = context.scene.name
        self._betas = json.dumps(list(betas))
        self._output = working_file(".npz")
        return str(self._output)

    def end(self, context: bpy.types.Context) -> set[str]:
        """Store the takes of a finished job, or tell why there are none."""
        job = self._job
        assert job is not None
        pump.set_working(self.place, None)
        try:
            if job.answer is None:
                assert job.error is not None
                return fail(self, job.error)
            scene = bpy.data.scenes.get(self._scene) or context.scene
            data = [read_file(path) for path in self._paths(job.answer)]
            items = takes.add_all(scene, data)
            for item in items:
                item.betas = self._betas
            self.received(scene, items, job.answer)
        finally:
            self.give_up()
        names = [item.name for item in items]
        self._tell(items, job.seconds)
        push_undo(self.undo_name)
        return self._apply(context, names[0])

    def give_up(self) -> None:
        """Leave no file behind, whether the engine got to it or not."""
        if self._output is not None:
            for path in (self._output, *self._output.parent.glob(f"{self._output.stem}-*{self._output.suffix}")):
                path.unlink(missing_ok=True)

    def _paths(self, answer: Mapping[str, Any]) -> Iterator[Path]:
        """Files of the variations; they lie beside the output that was asked for, wherever the answer says."""
        assert self._output is not None
        listed = answer.get("variations") or [{"path": str(self._output)}]
        yield from (self._output.with_name(Path(variation["path"]).name) for variation in listed)

    def _tell(self, items: list[Any], seconds: float) -> None:
        for warning in filter(None, items[0].warnings.split("\n")):
            self.report({"WARNING"}, warning)  # pyright: ignore[reportAttributeAccessIssue]
        first = items[0]
        others = f" and {len(items) - 1} more" if len(items) > 1 else ""
        said = f"Take “{first.name}”{others}: {first.duration:.1f} s, made in {seconds:.2f} s"
        self.report({"INFO"}, said)  # pyright: ignore[reportAttributeAccessIssue]
        pump.redraw()

    def _apply(self, context: bpy.types.Context, name: str) -> set[str]:
        """Apply the take when that is wanted, by the operator that users have, which undo takes back alone."""
        wanted, asked = self._wants_applying(context)
        if not wanted:
            return {"FINISHED"}
        if current_avatar(context) is None:
            if not asked:
                return {"FINISHED"}  # the Takes panel says what is missing
            message = f"Take “{name}” is ready, but there is no avatar to put it on."
            hint = "It stays in the list. Add an avatar, then press Apply Take."
            return fail(self, Report(message, hint, "add_avatar", "no_avatar"))  # pyright: ignore[reportArgumentType]
        try:
            bpy.ops.signwright.apply_take("EXEC_DEFAULT", True, take=name, **self.apply_settings())
        except RuntimeError:
            return {"CANCELLED"}  # its report is in the panel and with Blender already
        return {"FINISHED"}
