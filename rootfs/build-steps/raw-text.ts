// A file name is bytes. Inside it is a string of one character per byte ("latin1"), so that nothing
// is lost; patterns and messages are text.

/** @param text UTF-8 */
export function toRaw(text: string): string {
  return Buffer.from(text).toString('latin1')
}

export function fromRaw(raw: string): string {
  return Buffer.from(raw, 'latin1').toString()
}
