/** Names are UTF-8. */
const UTF8 = 0x0800;
/** 1980-01-01, the first day that the format knows: an archive of the same files is the same bytes. */
const FIRST_DAY = 0x0021;
/** A zip archive of these files, uncompressed. */
export function zip(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { path, bytes } of entries) {
    const name = new TextEncoder().encode(path);
    const common = fields([
      [20, 2],
      [UTF8, 2],
      [0, 2],
      [0, 2],
      [FIRST_DAY, 2],
      [crc32(bytes), 4],
      [bytes.length, 4],
      [bytes.length, 4],
      [name.length, 2],
      [0, 2],
    ]);
    parts.push(fields([[0x04034b50, 4]]), common, name, bytes);
    const rest = fields([
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [offset, 4],
    ]);
    directory.push(
      fields([
        [0x02014b50, 4],
        [20, 2],
      ]),
      common,
      rest,
      name,
    );
    offset += 4 + common.length + name.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = fields([
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [entries.length, 2],
    [entries.length, 2],
    [size, 4],
    [offset, 4],
    [0, 2],
  ]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
/** Numbers and their widths in bytes, little-endian. */
function fields(values) {
  const bytes = new Uint8Array(values.reduce((sum, [, width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [value, width] of values) {
    if (width === 2) {
      view.setUint16(at, value, true);
    } else {
      view.setUint32(at, value, true);
    }
    at += width;
  }
  return bytes;
}
/** The checksum that the format asks for (IEEE 802.3, reflected). */
export function crc32(bytes) {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
    }
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
