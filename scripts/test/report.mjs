/**
 * @typedef {object} SuiteResult
 * @property {string} name
 * @property {'ran' | 'empty' | 'not run'} state
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} milliseconds
 * @property {string} [note] why it is empty or was not run
 */

/** @param {number} milliseconds */
export function formatSeconds(milliseconds) {
  return `${(milliseconds / 1_000).toFixed(1)} s`
}

/** The table at the end of a run, a line per suite. @param {SuiteResult[]} results */
export function formatTable(results) {
  const rows = [
    ['suite', 'passed', 'failed', 'skipped', 'time', ''],
    ...results.map(({ name, state, passed, failed, skipped, milliseconds, note }) => [
      name,
      ...(state === 'ran' ? [passed, failed, skipped].map(String) : ['-', String(failed), '-']),
      formatSeconds(milliseconds),
      state === 'ran' ? (note ?? '') : `${state}: ${note}`,
    ]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 || column === 5
            ? cell.padEnd(widths[column])
            : cell.padStart(widths[column]),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The last line of a run, for machines. @param {SuiteResult[]} results */
export function formatTotal(results) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0)
  const skipped = sum('skipped')
  return `${sum('passed')} passed, ${sum('failed')} failed${skipped ? `, ${skipped} skipped` : ''}`
}
