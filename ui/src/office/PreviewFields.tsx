/* How a campaign shows its cards before calls: the time to read one, what follows, how many may be skipped. */
import type { PreviewRules } from '../api/types.ts'
import { Seg } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { mayEdit, type PartProps } from './CampaignParts.tsx'
import { NumberField } from './fields.tsx'

export function PreviewFields({ editing, campaign }: PartProps) {
  const { t } = useWords()
  const preview = campaign.settings?.preview ?? {}
  const off = !mayEdit(campaign)
  const save = (change: PreviewRules) =>
    editing.change({ settings: { preview: { ...preview, ...change } } })
  return (
    <>
      <NumberField
        label={t('campaign.countdown')}
        unit={t('unit.s')}
        value={preview.countdown_s}
        least={5}
        most={600}
        disabled={off}
        save={(countdown_s) => save({ countdown_s })}
      />
      <div className="field">
        <span className="lab">{t('campaign.at_zero')}</span>
        <Seg
          label={t('campaign.at_zero')}
          value={preview.at_zero ?? 'dial'}
          set={(at_zero) => !off && save({ at_zero })}
          options={[
            ['dial', t('campaign.at_zero_dial')],
            ['skip', t('campaign.at_zero_skip')],
          ]}
        />
      </div>
      <NumberField
        label={t('campaign.skips_max')}
        value={preview.skips_max}
        most={1000}
        whole
        disabled={off}
        save={(skips_max) => save({ skips_max })}
      />
      <NumberField
        label={t('campaign.skip_wait')}
        unit={t('unit.min')}
        value={preview.skip_wait_s === undefined ? undefined : preview.skip_wait_s / 60}
        least={1}
        most={43_200}
        disabled={off}
        save={(minutes) => save({ skip_wait_s: minutes * 60 })}
      />
    </>
  )
}
