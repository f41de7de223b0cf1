// A file name is bytes and not text. Inside the copying code it is a string with one character per
// byte, as in archives; these two lead in and out.

/** Text of the command line or a record, as bytes of UTF-8. */
export function toRaw(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** For messages and records. */
export function fromRaw(raw: string): string {
  return Buffer.from(raw, 'latin1').toString()
}
