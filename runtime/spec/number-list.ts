/**
 * Whether the text is a list of numbers and ranges, such as `0-3,7`, as cpusets and NUMA node
 * masks have it. Empty is a list of none.
 */
export function isNumberList(text: string): boolean {
  if (text.trim() === '') return true
  return text.split(',').every((part) => {
    const match = /^\s*(\d{1,6})(?:-(\d{1,6}))?\s*$/.exec(part)
    return match !== null && (match[2] === undefined || Number(match[1]) <= Number(match[2]))
  })
}
