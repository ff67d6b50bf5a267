/* How calls and agents meet: the modes this version dials in. */
import {
  ArrowRight,
  Grip,
  IdCard,
  Keyboard,
  type LucideIcon,
  Split,
  TrendingUp,
} from 'lucide-react'
import { useWords } from '../kit/prefs.ts'

type Mode = 'manual' | 'preview' | 'progressive' | 'predictive' | 'power' | 'agentless'

export const MODES: { id: Mode; icon: LucideIcon }[] = [
  { id: 'manual', icon: Keyboard },
  { id: 'preview', icon: IdCard },
  { id: 'progressive', icon: ArrowRight },
  { id: 'predictive', icon: TrendingUp },
  { id: 'power', icon: Split },
  { id: 'agentless', icon: Grip },
]

export function ModeCards({ mode, pick }: { mode: string; pick?: (mode: string) => void }) {
  const { t } = useWords()
  return (
    <div className="modes" role="radiogroup" aria-label={t('campaign.how')}>
      {MODES.map((known) => (
        <button
          type="button"
          role="radio"
          key={known.id}
          aria-checked={mode === known.id}
          className={`mode ${mode === known.id ? 'on' : ''}`}
          disabled={!pick && mode !== known.id}
          onClick={() => pick?.(known.id)}
        >
          <span className="row" style={{ gap: 6 }}>
            <known.icon className="s" aria-hidden />
            {t(`mode.${known.id}`)}
          </span>
          <span className="small">{t(`mode_says.${known.id}`)}</span>
        </button>
      ))}
    </div>
  )
}
