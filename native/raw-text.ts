// A file name is bytes and not text. Inside the code that walks, copies and archives files it is a string
// with one character per byte ("latin1"), so that nothing is lost; these two lead in and out.

/** Text of the command line or a record, as bytes of UTF-8. */
export function toRaw(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** For messages, records and patterns. */
export function fromRaw(raw: string): string {
  return Buffer.from(raw, 'latin1').toString()
}
