/* How a file is read, and what becomes of people of other lists: found or usual, and to be changed. */
import type { Preview } from '../api/types.ts'
import { useWords } from '../kit/prefs.ts'
import { ENCODINGS, encodingName } from './encoding.ts'

const REGIONS = ['RU', 'US', 'GB'] as const
const DUPLICATES = ['keep', 'skip', 'update'] as const

/** What a person says of a file; empty: let it be found. */
export type How = { region: string; duplicates: string; encoding: string; sheet: string }

function Choice({
  label,
  value,
  options,
  set,
}: {
  label: string
  value: string
  options: [string, string][]
  set: (value: string) => void
}) {
  return (
    <label className="row small">
      <span className="ink3">{label}</span>
      <select className="input s" value={value} onChange={(event) => set(event.target.value)}>
        {options.map(([id, words]) => (
          <option key={id} value={id}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}

export function ImportHow({
  how,
  preview,
  set,
}: {
  how: How
  preview: Preview | undefined
  set: (change: Partial<How>) => void
}) {
  const { t } = useWords()
  const found = preview?.encoding ? `${encodingName(preview.encoding)} · ` : ''
  return (
    <div className="row wrap g3">
      <Choice
        label={t('list.region')}
        value={how.region}
        options={REGIONS.map((id) => [id, t(`region.${id}`)])}
        set={(region) => set({ region })}
      />
      <Choice
        label={t('list.duplicates')}
        value={how.duplicates}
        options={DUPLICATES.map((id) => [id, t(`duplicates.${id}`)])}
        set={(duplicates) => set({ duplicates })}
      />
      {preview?.format === 'csv' && (
        <Choice
          label={t('list.encoding_is')}
          value={how.encoding}
          options={[
            ['', found + t('list.found')],
            ...ENCODINGS.map((id): [string, string] => [id, encodingName(id)]),
          ]}
          set={(encoding) => set({ encoding })}
        />
      )}
      {preview && preview.sheets.length > 1 && (
        <Choice
          label={t('list.sheet')}
          value={preview.sheet}
          options={preview.sheets.map((name) => [name, name])}
          set={(sheet) => set({ sheet })}
        />
      )}
    </div>
  )
}
