/* The lists many office screens read: people, trunks, contact lists, campaigns. Server state only. */
import { useQuery } from '@tanstack/react-query'
import { api } from '../api/http.ts'
import type { Trunk } from '../api/trunk.ts'
import type { Campaign, ContactList, DeskPhone, Page, User } from '../api/types.ts'

const all = <T>(path: string) => api<Page<T>>(`${path}?limit=200`).then((page) => page.items)

export const useUsers = () => useQuery({ queryKey: ['users'], queryFn: () => all<User>('/users') })
export const usePhones = () =>
  useQuery({
    queryKey: ['phones'],
    queryFn: () => api<Page<DeskPhone>>('/phones').then((page) => page.items),
    refetchInterval: 5_000,
  })
export const useTrunks = () =>
  useQuery({ queryKey: ['trunks'], queryFn: () => all<Trunk>('/trunks') })
export const useLists = () =>
  useQuery({ queryKey: ['lists'], queryFn: () => all<ContactList>('/lists') })
export const useCampaigns = () =>
  useQuery({
    queryKey: ['campaigns'],
    queryFn: () => all<Campaign>('/campaigns'),
    refetchInterval: 10_000,
  })
