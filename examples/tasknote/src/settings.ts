/** What the environment decides; every value has a default that fits the names used in the README. */
export interface Settings {
  readonly port: number
  /** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING */
  readonly databaseUrl: string
  /** Empty: no cache. */
  readonly redisUrl: string
  readonly uploadsFolder: string
  readonly maxUploadBytes: number
}

/** @throws {Error} for a value that cannot be meant */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  return {
    port: readNumber(env, 'PORT', 8080),
    databaseUrl: env['DATABASE_URL'] ?? 'postgres://tasknote:tasknote@database:5432/tasknote',
    redisUrl: env['REDIS_URL'] ?? 'redis://cache:6379',
    uploadsFolder: env['UPLOADS_FOLDER'] ?? '/app/uploads',
    maxUploadBytes: readNumber(env, 'MAX_UPLOAD_BYTES', 10 * 1024 * 1024),
  }
}

function readNumber(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  standard: number,
): number {
  const value = Number(env[name] ?? standard)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new Error(`${name} must be a whole number, and is "${env[name]}"`)
}
