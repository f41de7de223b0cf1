/** @param {string} line */
function depth(line) {
  return line.length - line.trimStart().length
}

/**
 * What a failed file printed, without what went well: passed assertions and the headings above
 * them are dropped, failed assertions keep their diagnostics, and all that is not TAP stays.
 *
 * @param {string} output TAP as tap prints it, standard error mixed in
 */
export function selectFailures(output) {
  const kept = []
  let headings = []
  let diagnosticOf = ''
  for (const line of output.split('\n')) {
    const text = line.trim()
    if (diagnosticOf) {
      if (diagnosticOf === 'failed') kept.push(line)
      if (text === '...') diagnosticOf = ''
      continue
    }
    if (text === '---') {
      const failed = /^\s*not ok/.test(kept.at(-1) ?? '') && headings.length === 0
      diagnosticOf = failed ? 'failed' : 'passed'
      if (failed) kept.push(line)
      continue
    }
    headings = headings.filter((heading) => depth(heading) <= depth(line))
    if (text.startsWith('# Subtest')) {
      headings = headings.filter((heading) => depth(heading) < depth(line))
      headings.push(line)
      continue
    }
    if (/^ok \d+/.test(text) || /^\d+\.\.\d+/.test(text) || text === '' || text === '}') {
      headings = headings.filter((heading) => depth(heading) < depth(line))
      continue
    }
    if (text === 'TAP version 14') continue
    kept.push(...headings, line)
    headings = []
  }
  return kept.join('\n')
}
