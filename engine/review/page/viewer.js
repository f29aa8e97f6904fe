// Draws the avatar in a pose with WebGL 2: linear blend skinning, face units, six materials, two soft lights.
"use strict";

async function unpacked(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Kind(await new Response(stream).arrayBuffer());
}

const VERTEX = `#version 300 es
precision highp float;
precision highp sampler2D;
layout(location=0) in vec3 position;
layout(location=1) in vec3 normal;
layout(location=2) in vec2 uv;
layout(location=3) in uvec4 joints;
layout(location=4) in vec4 weights;
layout(location=5) in uint morph;
uniform vec3 low, size;
uniform float uvRange;
uniform vec4 bones[165];
uniform vec4 face[6];
uniform float faceScale[24];
uniform sampler2D offsets;
uniform int morphCount, units;
uniform mat4 view, projection;
out vec3 seenNormal;
out vec3 seenAt;
out vec2 place;
void main() {
  vec3 p = low + position * size;
  if (morph != 65535u) {
    for (int k = 0; k < units; k++) {
      float weight = face[k / 4][k % 4];
      if (weight > 0.0) {
        int at = k * morphCount + int(morph);
        p += weight * faceScale[k] * 127.0 * texelFetch(offsets, ivec2(at % 1024, at / 1024), 0).xyz;
      }
    }
  }
  vec4 rows[3] = vec4[3](vec4(0.0), vec4(0.0), vec4(0.0));
  for (int i = 0; i < 4; i++) {
    int at = 3 * int(joints[i]);
    for (int r = 0; r < 3; r++) rows[r] += weights[i] * bones[at + r];
  }
  vec4 h = vec4(p, 1.0);
  vec3 posed = vec3(dot(rows[0], h), dot(rows[1], h), dot(rows[2], h));
  vec3 turned = vec3(dot(rows[0].xyz, normal), dot(rows[1].xyz, normal), dot(rows[2].xyz, normal));
  vec4 seen = view * vec4(posed, 1.0);
  seenAt = seen.xyz;
  seenNormal = mat3(view) * turned;
  place = uv * uvRange;
  gl_Position = projection * seen;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 seenNormal;
in vec3 seenAt;
in vec2 place;
uniform sampler2D colour;
uniform bool textured, cutOut;
uniform vec3 plain;
uniform float gloss;
out vec4 painted;
float wrapped(vec3 n, vec3 light, float strength) {
  return strength * clamp((dot(n, normalize(light)) + 0.25) / 1.25, 0.0, 1.0);
}
void main() {
  vec4 base = textured ? texture(colour, place) : vec4(plain, 1.0);
  if (cutOut && base.a < 0.4) discard;
  vec3 n = normalize(seenNormal);
  vec3 toEye = normalize(-seenAt);
  if (dot(n, toEye) < 0.0 && cutOut) n = -n;
  float light = 0.26 + 0.10 * n.y + wrapped(n, vec3(-0.45, 0.65, 0.75), 0.92) + wrapped(n, vec3(0.8, 0.15, 0.5), 0.32);
  float rim = pow(1.0 - max(dot(n, toEye), 0.0), 4.0);
  float shine = gloss * pow(max(dot(n, normalize(normalize(vec3(-0.45, 0.65, 0.75)) + toEye)), 0.0), 28.0);
  vec3 linear = base.rgb * light * (1.0 - 0.35 * rim) + vec3(shine);
  painted = vec4(pow(linear, vec3(1.0 / 2.2)), 1.0);
}`;

const PLAIN = { lash: [0.02, 0.016, 0.014] };
const GLOSS = { skin: 0.06, eye: 0.5, teeth: 0.2, tongue: 0.1 };
const CENTRE = [0, 0.115, 0];
const FIGURE_HEIGHT = 0.98;
const EYE_DISTANCE = 3.4;

class Viewer {
  static async create(figure) {
    const viewer = new Viewer();
    viewer.figure = figure;
    viewer.canvas = document.createElement("canvas");
    const gl = viewer.canvas.getContext("webgl2", { antialias: true, alpha: true, premultipliedAlpha: true });
    if (!gl) throw new Error("This browser can't draw with WebGL 2. A current Firefox, Chrome, Edge or Safari can.");
    viewer.gl = gl;
    viewer.program = viewer.linked(VERTEX, FRAGMENT);
    gl.useProgram(viewer.program);
    viewer.places = new Map();
    await viewer.loadMesh();
    await viewer.loadTextures();
    viewer.bones = new Float32Array(165 * 4);
    viewer.middle = viewer.restJoint(9).map((v, i) => v + CENTRE[i]);
    return viewer;
  }

  linked(vertex, fragment) {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    return program;
  }

  at(name) {
    if (!this.places.has(name)) this.places.set(name, this.gl.getUniformLocation(this.program, name));
    return this.places.get(name);
  }

  restJoint(j) { return this.figure.restJoints[j]; }

  async loadMesh() {
    const gl = this.gl, f = this.figure;
    gl.bindVertexArray(gl.createVertexArray());
    const attribute = async (slot, text, Kind, count, type, normalised, whole) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, await unpacked(text, Kind), gl.STATIC_DRAW);
      gl.enableVertexAttribArray(slot);
      if (whole) gl.vertexAttribIPointer(slot, count, type, 0, 0);
      else gl.vertexAttribPointer(slot, count, type, normalised, 0, 0);
    };
    await attribute(0, f.position, Uint16Array, 3, gl.UNSIGNED_SHORT, true, false);
    await attribute(1, f.normal, Int8Array, 3, gl.BYTE, true, false);
    await attribute(2, f.uv, Uint16Array, 2, gl.UNSIGNED_SHORT, true, false);
    await attribute(3, f.joints, Uint8Array, 4, gl.UNSIGNED_BYTE, false, true);
    await attribute(4, f.weights, Uint8Array, 4, gl.UNSIGNED_BYTE, true, false);
    await attribute(5, f.morph, Uint16Array, 1, gl.UNSIGNED_SHORT, false, true);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, await unpacked(f.index, Uint32Array), gl.STATIC_DRAW);
    gl.uniform3fv(this.at("low"), f.low);
    gl.uniform3fv(this.at("size"), f.size);
    gl.uniform1f(this.at("uvRange"), f.uvRange);
    gl.uniform1i(this.at("morphCount"), f.morphCount);
    gl.uniform1i(this.at("units"), f.units);
    gl.uniform1fv(this.at("faceScale"), Float32Array.from({ length: 24 }, (_, k) => f.morphScale[k] || 0));
    await this.loadOffsets();
  }

  async loadOffsets() {
    const gl = this.gl, deltas = await unpacked(this.figure.morphDeltas, Int8Array);
    const rows = Math.ceil(deltas.length / 4 / 1024), padded = new Int8Array(rows * 1024 * 4);
    padded.set(deltas);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8_SNORM, 1024, rows, 0, gl.RGBA, gl.BYTE, padded);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.uniform1i(this.at("offsets"), 1);
    gl.activeTexture(gl.TEXTURE0);
    gl.uniform1i(this.at("colour"), 0);
  }

  async loadTextures() {
    const gl = this.gl;
    this.textures = {};
    for (const [file, url] of Object.entries(this.figure.textures)) {
      const image = new Image();
      image.src = url;
      await image.decode();
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, true);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.SRGB8_ALPHA8, gl.RGBA, gl.UNSIGNED_BYTE, image);
      gl.generateMipmap(gl.TEXTURE_2D);
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      this.textures[file] = texture;
    }
  }

  // Joint quaternions (55 x 4), pelvis translation (3) and face units to skinning rows.
  pose(quaternions, translation) {
    const { restJoints, parents } = this.figure, world = this.world || (this.world = new Float32Array(55 * 12));
    for (let j = 0; j < 55; j++) {
      const [x, y, z, w] = quaternions.subarray(4 * j, 4 * j + 4), o = 12 * j;
      const local = [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
      ];
      const rest = restJoints[j], parent = parents[j];
      if (parent < 0) {
        for (let r = 0; r < 3; r++) {
          for (let c = 0; c < 3; c++) world[o + 4 * r + c] = local[3 * r + c];
          world[o + 4 * r + 3] = rest[r] + translation[r];
        }
      } else {
        const p = 12 * parent, from = restJoints[parent];
        for (let r = 0; r < 3; r++) {
          const a = world[p + 4 * r], b = world[p + 4 * r + 1], c = world[p + 4 * r + 2];
          for (let k = 0; k < 3; k++) world[o + 4 * r + k] = a * local[k] + b * local[3 + k] + c * local[6 + k];
          world[o + 4 * r + 3] =
            a * (rest[0] - from[0]) + b * (rest[1] - from[1]) + c * (rest[2] - from[2]) + world[p + 4 * r + 3];
        }
      }
      for (let r = 0; r < 3; r++) {
        const at = o + 4 * r, a = world[at], b = world[at + 1], c = world[at + 2];
        this.bones.set([a, b, c, world[at + 3] - a * rest[0] - b * rest[1] - c * rest[2]], at);
      }
    }
  }

  // Draws the pose set last on a 2D canvas. camera: {yaw, pitch, zoom}; mirrored shows a left-hander.
  draw(target, face, camera, mirrored) {
    const gl = this.gl, width = target.width, height = target.height;
    if (this.canvas.width < width || this.canvas.height < height) {
      this.canvas.width = Math.max(this.canvas.width, width);
      this.canvas.height = Math.max(this.canvas.height, height);
    }
    gl.viewport(0, this.canvas.height - height, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.frontFace(mirrored ? gl.CW : gl.CCW);
    const weights = new Float32Array(24);
    weights.set(face);
    gl.uniform4fv(this.at("bones"), this.bones);
    gl.uniform4fv(this.at("face"), weights);
    gl.uniformMatrix4fv(this.at("view"), false, this.viewMatrix(camera));
    gl.uniformMatrix4fv(this.at("projection"), false, this.projection(width / height, camera.zoom, mirrored));
    let first = 0;
    for (const part of this.figure.parts) {
      this.useMaterial(part);
      gl.drawElements(gl.TRIANGLES, 3 * part.triangles, gl.UNSIGNED_INT, 12 * first);
      first += part.triangles;
    }
    const context = target.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.drawImage(this.canvas, 0, 0, width, height, 0, 0, width, height);
  }

  useMaterial(part) {
    const gl = this.gl;
    if (part.cutOut) gl.disable(gl.CULL_FACE);
    else gl.enable(gl.CULL_FACE);
    gl.uniform1i(this.at("cutOut"), part.cutOut ? 1 : 0);
    gl.uniform1i(this.at("textured"), part.texture ? 1 : 0);
    gl.uniform3fv(this.at("plain"), PLAIN[part.material] || [0.5, 0.5, 0.5]);
    gl.uniform1f(this.at("gloss"), GLOSS[part.material] || 0.0);
    if (part.texture) gl.bindTexture(gl.TEXTURE_2D, this.textures[part.texture]);
  }

  viewMatrix({ yaw, pitch }) {
    const cy = Math.cos(yaw), sy = Math.sin(yaw), cp = Math.cos(pitch), sp = Math.sin(pitch), m = this.middle;
    const rows = [[cy, 0, sy], [sp * sy, cp, -sp * cy], [-cp * sy, sp, cp * cy]];
    const move = rows.map((r) => -(r[0] * m[0] + r[1] * m[1] + r[2] * m[2]));
    move[2] -= EYE_DISTANCE;
    return new Float32Array([
      rows[0][0], rows[1][0], rows[2][0], 0, rows[0][1], rows[1][1], rows[2][1], 0,
      rows[0][2], rows[1][2], rows[2][2], 0, ...move, 1,
    ]);
  }

  projection(aspect, zoom, mirrored) {
    const near = 0.5, far = 8, y = (2 * EYE_DISTANCE * zoom) / FIGURE_HEIGHT, x = (y / aspect) * (mirrored ? -1 : 1);
    return new Float32Array([
      x, 0, 0, 0, 0, y, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0,
    ]);
  }
}

// A sign's motion: decoded once, asked for any time.
class Clip {
  static async decode(packed, figure) {
    const clip = new Clip(), changes = await unpacked(packed.data, Int16Array), n = packed.frames;
    const { clipJoints, steps, units } = figure;
    clip.frames = n;
    clip.seconds = (n - 1) / packed.fps;
    clip.fps = packed.fps;
    for (let k = 0; k < changes.length; k++) if (k % n) changes[k] += changes[k - 1];
    clip.quaternions = new Float32Array(n * 55 * 4);
    for (let f = 0; f < n; f++) {
      for (let j = 0; j < 55; j++) clip.quaternions[4 * (f * 55 + j) + 3] = 1;
      clipJoints.forEach((j, i) => {
        const v = [0, 1, 2].map((c) => changes[(3 * i + c) * n + f] / steps.rotation);
        const angle = Math.hypot(...v), s = angle > 1e-6 ? Math.sin(angle / 2) / angle : 0.5;
        clip.quaternions.set([v[0] * s, v[1] * s, v[2] * s, Math.cos(angle / 2)], 4 * (f * 55 + j));
      });
    }
    const rest = (start, count, scale) =>
      Float32Array.from({ length: n * count }, (_, k) => changes[(start + (k % count)) * n + Math.floor(k / count)] / scale);
    clip.translation = rest(3 * clipJoints.length, 3, steps.translation);
    clip.face = rest(3 * clipJoints.length + 3, units, steps.face);
    clip.units = units;
    return clip;
  }

  at(seconds) {
    const x = Math.min(Math.max(seconds * this.fps, 0), this.frames - 1);
    const f = Math.min(Math.floor(x), Math.max(this.frames - 2, 0)), g = Math.min(f + 1, this.frames - 1), t = x - f;
    const q = new Float32Array(220), a = this.quaternions.subarray(220 * f), b = this.quaternions.subarray(220 * g);
    for (let j = 0; j < 220; j += 4) {
      let dot = 0, length = 0;
      for (let c = 0; c < 4; c++) dot += a[j + c] * b[j + c];
      const sign = dot < 0 ? -1 : 1;
      for (let c = 0; c < 4; c++) {
        q[j + c] = (1 - t) * a[j + c] + sign * t * b[j + c];
        length += q[j + c] * q[j + c];
      }
      for (let c = 0; c < 4; c++) q[j + c] /= Math.sqrt(length);
    }
    const mixed = (values, count) =>
      Float32Array.from({ length: count }, (_, c) => (1 - t) * values[f * count + c] + t * values[g * count + c]);
    return { quaternions: q, translation: mixed(this.translation, 3), face: mixed(this.face, this.units) };
  }
}
