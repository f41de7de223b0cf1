/** Lines of at most so many characters, as kubectl wraps what it explains: its own line feeds stay where paragraphs end. */
export function wrapText(text: string, most: number): string[] {
  return text.split('\n').flatMap((paragraph) => wrapLine(paragraph.trimEnd(), most))
}

function wrapLine(text: string, most: number): string[] {
  const lines: string[] = []
  const [margin = ''] = /^ */.exec(text) ?? []
  let line = ''
  for (const word of text.slice(margin.length).split(' ')) {
    if (
      line !== '' &&
      (lines.length === 0 ? margin.length : 0) + line.length + 1 + word.length > most
    ) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((each, index) => (index === 0 ? margin + each : each))
}
