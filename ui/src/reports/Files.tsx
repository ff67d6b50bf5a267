/* The same figures as a file: CSV, or a workbook. */
import { Download } from 'lucide-react'
import { useWords } from '../kit/prefs.ts'

export function Files({ name, asked }: { name: string; asked: string }) {
  const { t } = useWords()
  return (
    <span className="push row g2 small">
      <Download className="s ink3" aria-hidden />
      {['csv', 'xlsx'].map((kind) => (
        <a
          key={kind}
          href={`/api/v1/reports/${name}.${kind}${asked}`}
          aria-label={t('report.as_file', { kind: kind.toUpperCase() })}
          download
        >
          {kind.toUpperCase()}
        </a>
      ))}
    </span>
  )
}
