// What names may be, with the words in which clients know the rules.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/

/** Why a name is wrong, or undefined. */
export type NameRule = (name: string) => string | undefined

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const subdomain = `${label}(\\.${label})*`
const serviceLabel = '[a-z]([-a-z0-9]*[a-z0-9])?'

function rule(pattern: string, most: number, words: string, examples: string): NameRule {
  const expression = new RegExp(`^${pattern}$`)
  return (name) => {
    if (name.length > most) return `must be no more than ${most} characters`
    if (expression.test(name)) return undefined
    return `${words} (e.g. ${examples}, regex used for validation is '${pattern}')`
  }
}

export const subdomainName = rule(
  subdomain,
  253,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  "'example.com'",
)

export const labelName = rule(
  label,
  63,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  "'my-name',  or '123-abc'",
)

export const serviceName = rule(
  serviceLabel,
  63,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  "'my-name',  or 'abc-123'",
)

/** A name that only has to fit in a path. */
export const pathSegmentName: NameRule = (name) => {
  if (name === '.' || name === '..') return `may not be '${name}'`
  const bad = ['/', '%'].find((character) => name.includes(character))
  return bad === undefined ? undefined : `may not contain '${bad}'`
}

const qualifiedPart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'

export const labelValue = rule(
  `(${qualifiedPart})?`,
  63,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "'MyValue',  or 'my_value',  or '12345'",
)

const qualifiedWords =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const namePart = rule(qualifiedPart, 63, qualifiedWords, "'MyName',  or 'my.name',  or '123-abc'")

/** The key of a label or an annotation: a name with an optional domain before it. */
export const qualifiedName: NameRule = (name) => {
  const parts = name.split('/')
  if (parts.length > 2)
    return `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${qualifiedPart}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`
  const domain = parts.length === 2 ? parts[0] : undefined
  if (domain === '') return 'prefix part must be non-empty'
  const domainFault = domain === undefined ? undefined : subdomainName(domain)
  if (domainFault !== undefined) return `prefix part ${domainFault}`
  if (parts.at(-1) === '') return 'name part must be non-empty'
  return namePart(parts.at(-1)!)
}

const rulesByResource: Readonly<Record<string, NameRule>> = {
  namespaces: labelName,
  services: serviceName,
  roles: pathSegmentName,
  rolebindings: pathSegmentName,
  clusterroles: pathSegmentName,
  clusterrolebindings: pathSegmentName,
  componentstatuses: pathSegmentName,
}

/** The rule for names of a resource. */
export function nameRule(plural: string): NameRule {
  return rulesByResource[plural] ?? subdomainName
}
