"""Render presets: Preview (Workbench), Preview in EEVEE, Production (Cycles), and where pictures or video go.

Presets never touch the frame rate or the frame range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy

from ..addon import compat
from .studio import has_studio_world, is_backdrop

RESOLUTION = (960, 540)


@dataclass(frozen=True)
class Preset:
    """A named way to render. `notes` of `use_preset` say what could not be had."""

    name: str
    label: str
    description: str
    engine: str
    configure: Callable[[bpy.types.Scene], list[str]]


def _preview(scene: bpy.types.Scene) -> list[str]:
    """Flat studio light, with contacts shown by ambient occlusion.

    Cast shadows are off: Workbench's shadow volumes take half of the frame time without a graphics card, and draw
    streaks where hair and sleeves are open surfaces.
    """
    display: Any = scene.display
    shading = display.shading
    display.render_aa = "FXAA"
    display.matcap_ssao_distance, display.matcap_ssao_attenuation = 0.08, 0.6
    shading.light = "STUDIO"
    shading.studio_light = "paint.sl"
    shading.use_world_space_lighting = False
    shading.color_type = "TEXTURE"
    shading.show_shadows = False
    shading.show_cavity, shading.cavity_type = True, "WORLD"
    shading.cavity_ridge_factor, shading.cavity_valley_factor = 0.2, 1.4
    shading.show_specular_highlight = True
    shading.show_object_outline = False
    shading.show_xray = False
    shading.show_backface_culling = False
    return []


def _eevee(scene: bpy.types.Scene) -> list[str]:
    eevee: Any = scene.eevee
    eevee.taa_render_samples = 16
    eevee.use_shadows = True
    eevee.use_raytracing = False
    eevee.use_fast_gi = True
    return []


def _production(scene: bpy.types.Scene) -> list[str]:
    cycles: Any = scene.cycles
    devices: Any = bpy.context.preferences.addons["cycles"].preferences
    cycles.device = "GPU" if devices.has_active_device() else "CPU"
    cycles.samples = 32
    cycles.use_adaptive_sampling = True
    cycles.adaptive_threshold = 0.05
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 6, 2, 2
    cycles.transparent_max_bounces = 12
    cycles.sample_clamp_indirect = 4.0
    scene.render.use_persistent_data = True
    scene.render.use_motion_blur = False
    cycles.use_denoising = True
    try:
        cycles.denoiser = "OPENIMAGEDENOISE"
    except TypeError:  # how Blender refuses a denoiser that this build or machine doesn't have
        cycles.use_denoising = False
        cycles.samples = 160
        return ["This Blender has no OpenImageDenoise: rendering takes more samples instead and may look grainy."]
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    return []


PREVIEW = Preset("PREVIEW", "Preview", "Workbench: fast, plain shading", "BLENDER_WORKBENCH", _preview)
PREVIEW_EEVEE = Preset("PREVIEW_EEVEE", "Preview (EEVEE)", "EEVEE: fast on a graphics card", compat.EEVEE, _eevee)
PRODUCTION = Preset("PRODUCTION", "Production", "Cycles: soft light and skin, denoised", "CYCLES", _production)
PRESETS = {preset.name: preset for preset in (PREVIEW, PREVIEW_EEVEE, PRODUCTION)}


def use_preset(
    scene: bpy.types.Scene,
    preset: Preset,
    *,
    resolution: tuple[int, int] | None = None,
    transparent: bool = False,
) -> list[str]:
    """Set the scene up for a preset, and return notes for the user on what could not be had.

    `transparent`: film without background; the studio's backdrop is then left out of the render. Workbench leaves it
    out as well where the studio's world shows the same plain colour.
    """
    scene.render.engine = preset.engine
    scene.render.film_transparent = transparent
    scene.render.use_lock_interface = True
    if resolution is not None:
        scene.render.resolution_x, scene.render.resolution_y = resolution
        scene.render.resolution_percentage = 100
    is_plain = preset.engine == "BLENDER_WORKBENCH" and has_studio_world(scene)
    _show_backdrop(scene, not (transparent or is_plain))
    return preset.configure(scene)


def _show_backdrop(scene: bpy.types.Scene, show: bool) -> None:
    for obj in scene.objects:
        if is_backdrop(obj):
            obj.hide_render = not show
