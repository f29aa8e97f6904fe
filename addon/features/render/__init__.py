"""From keyframes to pictures: studio, camera, presets, video."""
