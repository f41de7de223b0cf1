import { plainText } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import { annotations, heading, labels, list, sorted } from './page.ts'
import type { Page } from './page.ts'

const bytes = (value: unknown): string => `${Buffer.from(plainText(value), 'base64').length} bytes`

export function describeConfigMap(page: Page, config: KubeObject): void {
  heading(page, config)
  labels(page, config)
  annotations(page, config.metadata.annotations)
  page.raw('\nData\n====\n')
  for (const [name, value] of sorted(config['data'])) {
    page.line(0, `${name}:`)
    page.raw(`----\n${plainText(value)}\n\n`)
  }
  page.raw('\nBinaryData\n====\n')
  for (const [name, value] of sorted(config['binaryData'])) page.raw(`${name}: ${bytes(value)}\n`)
  page.raw('\n')
}

export function describeSecret(page: Page, secret: KubeObject): void {
  heading(page, secret)
  labels(page, secret)
  annotations(page, secret.metadata.annotations)
  page.raw('\n')
  page.line(0, 'Type:', secret['type'])
  page.raw('\nData\n====\n')
  const isToken = secret['type'] === 'kubernetes.io/service-account-token'
  for (const [name, value] of sorted(secret['data']))
    page.line(
      0,
      `${name}:`,
      isToken && name === 'token'
        ? Buffer.from(plainText(value), 'base64').toString()
        : bytes(value),
    )
}

export function describeServiceAccount(page: Page, account: KubeObject): void {
  const names = (field: string): string[] =>
    sorted(account[field]).map(([, each]) => plainText((each as { name?: unknown }).name))
  heading(page, account)
  labels(page, account)
  annotations(page, account.metadata.annotations)
  const lists = [
    ['Image pull secrets:', names('imagePullSecrets')],
    ['Mountable secrets:', names('secrets')],
    ['Tokens:', []],
  ] as const
  for (const [title, of] of lists) list(page, title, of)
}
