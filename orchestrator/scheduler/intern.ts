/** More are begun anew: what was given out stays right, it is compared letter by letter again. */
const most = 10_000
const texts = new Map<string, string>()

/** The same string object for the same text, so that a thousand look-ups of it compare no letters. */
export function intern(text: string): string {
  const known = texts.get(text)
  if (known !== undefined) return known
  if (texts.size >= most) texts.clear()
  texts.set(text, text)
  return text
}
