import t from 'tap'
import { parseChangeMode } from '../../../rootfs/build-steps/file-mode.ts'

const rows: { text: string; mode: number; folder?: boolean; want: number }[] = [
  { text: '755', mode: 0o600, want: 0o755 },
  { text: '0644', mode: 0o777, want: 0o644 },
  { text: '4755', mode: 0o600, want: 0o4755 },
  { text: '0', mode: 0o600, want: 0 },
  { text: 'u=rwX,go=rX', mode: 0o600, want: 0o644 },
  { text: 'u=rwX,go=rX', mode: 0o700, want: 0o755 },
  { text: 'u=rwX,go=rX', mode: 0o600, folder: true, want: 0o755 },
  { text: 'a+x', mode: 0o644, want: 0o755 },
  { text: '+x', mode: 0o644, want: 0o755 },
  { text: 'go-rwx', mode: 0o777, want: 0o700 },
  { text: 'g=u', mode: 0o740, want: 0o770 },
  { text: 'u+s,g+s', mode: 0o755, want: 0o6755 },
  { text: '+t', mode: 0o777, folder: true, want: 0o1777 },
  { text: 'u=', mode: 0o777, want: 0o077 },
  { text: 'a=r,u+w', mode: 0o777, want: 0o644 },
  { text: 'u+r-w', mode: 0o200, want: 0o400 },
]
for (const { text, mode, folder = false, want } of rows)
  t.test(`${text} of ${mode.toString(8)}`, async (t) =>
    t.equal(parseChangeMode(text)(mode, folder).toString(8), want.toString(8)),
  )

for (const text of ['', '8', '999', '17777', 'rw', 'u=z', 'x+r', 'u+r,', '-1', '0x1f'])
  t.test(`rejects "${text}"`, async (t) =>
    t.throws(() => parseChangeMode(text), { code: 'INVALID_ARGUMENT' }),
  )
