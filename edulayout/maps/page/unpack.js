/* Opens what the page holds: base64 of a gzip file of JSON and, behind it, columns of numbers. */
"use strict";
function elBytes(text) {
  const letters = atob(text.trim()), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}
async function elGunzip(bytes) {
  if (typeof DecompressionStream !== "function") return elInflate(bytes.subarray(10));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
/* The same by hand (RFC 1951), for browsers without DecompressionStream. */
function elInflate(source) {
  let at = 0, held = 0, bits = 0, end = 0, out = new Uint8Array(8 * source.length + 1024);
  const take = (count) => {
    for (; held < count; held += 8) bits |= source[at++] << held;
    const value = bits & ((1 << count) - 1);
    bits >>>= count;
    held -= count;
    return value;
  };
  const room = (count) => {
    if (end + count <= out.length) return;
    const larger = new Uint8Array(2 * (end + count));
    larger.set(out);
    out = larger;
  };
  function tree(lengths) {
    const counts = new Uint16Array(16), symbols = new Uint16Array(lengths.length), offsets = new Uint16Array(17);
    for (const length of lengths) counts[length]++;
    counts[0] = 0;
    for (let length = 1; length < 16; length++) offsets[length + 1] = offsets[length] + counts[length];
    lengths.forEach((length, symbol) => { if (length) symbols[offsets[length]++] = symbol; });
    return { counts, symbols };
  }
  function symbol({ counts, symbols }) {
    for (let length = 1, code = 0, first = 0, index = 0; length < 16; length++) {
      code |= take(1);
      const count = counts[length];
      if (code - count < first) return symbols[index + code - first];
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new Error("the tables of this page are damaged");
  }
  const series = (start, step) => {
    const bases = [], extras = [];
    for (let i = 0, base = start; i < 30; i++) {
      extras.push(Math.max(0, (i >> step) - 1));
      bases.push(base);
      base += 1 << extras[i];
    }
    return { bases, extras };
  };
  const lengthsOf = series(3, 2), distancesOf = series(1, 1);
  [lengthsOf.bases[28], lengthsOf.extras[28]] = [258, 0];
  const fixed = [tree([...Array(288).keys()].map((i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))), tree(Array(30).fill(5))];
  function written() {
    const literals = take(5) + 257, distances = take(5) + 1, count = take(4) + 4, lengths = Array(19).fill(0), all = [];
    for (let i = 0; i < count; i++) lengths[[16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15][i]] = take(3);
    const codes = tree(lengths);
    while (all.length < literals + distances) {
      const code = symbol(codes);
      if (code < 16) all.push(code);
      else if (code === 16) all.push(...Array(3 + take(2)).fill(all.at(-1)));
      else all.push(...Array(code === 17 ? 3 + take(3) : 11 + take(7)).fill(0));
    }
    return [tree(all.slice(0, literals)), tree(all.slice(literals))];
  }
  function stored() {
    bits = held = 0;
    const size = source[at] | (source[at + 1] << 8);
    room(size);
    out.set(source.subarray(at + 4, at + 4 + size), end);
    at += 4 + size;
    end += size;
  }
  for (let last = 0; !last; ) {
    last = take(1);
    const kind = take(2);
    if (kind === 0) { stored(); continue; }
    const [literals, distances] = kind === 1 ? fixed : written();
    for (let code = symbol(literals); code !== 256; code = symbol(literals)) {
      room(258);
      if (code < 256) { out[end++] = code; continue; }
      const length = lengthsOf.bases[code - 257] + take(lengthsOf.extras[code - 257]), far = symbol(distances);
      const back = distancesOf.bases[far] + take(distancesOf.extras[far]);
      for (let i = 0; i < length; i++, end++) out[end] = out[end - back];
    }
  }
  return out.subarray(0, end);
}
function elColumn(bytes, { $: form, n: count, at, steps }) {
  const size = form === "d" ? 8 : 4, mixed = new Uint8Array(count * size);
  for (let plane = 0; plane < size; plane++)
    for (let i = 0, from = at + plane * count, to = plane; i < count; i++, to += size) mixed[to] = bytes[from + i];
  if (form === "f") return new Float32Array(mixed.buffer);
  if (form === "d") return new Float64Array(mixed.buffer);
  const whole = new Int32Array(mixed.buffer);
  for (let i = 0, before = 0; i < count; i++) {
    const value = (whole[i] >>> 1) ^ -(whole[i] & 1);
    whole[i] = steps ? (before = (before + value) | 0) : value;
  }
  return whole;
}
function elRevive(value, bytes) {
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$ === "string" && typeof value.at === "number") return elColumn(bytes, value);
  for (const [name, part] of Object.entries(value))
    if (part !== null && typeof part === "object" && name !== "__proto__") value[name] = elRevive(part, bytes);
  return value;
}
async function elTables(id) {
  const bytes = await elGunzip(elBytes(document.getElementById(id).textContent));
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return elRevive(JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size))), bytes.subarray(4 + size));
}
