/** A reference as docker shows it: without the registry that is meant anyhow. */
export function familiarName(reference: string): string {
  return reference.replace(/^docker\.io\/(?:library\/)?|^localhost\/(?=[^/:]+)/, '')
}
