import type { Language, Prompts } from './prompts.ts';
import { day, dayAndTime, dayName, digits, key, openingHours, ordinal } from './en-IN.times.ts';
import { spokenName as name } from './times.ts';

/** Indian English. Short sentences, what is chosen before its key, times as people say them. */
export const english: Language = {
  code: 'en-IN',
  at: (now): Prompts => ({
    greeting: ({ clinic }) => `Welcome to ${name(clinic)}.`,
    welcome: () => 'Welcome.',
    thisLanguage: ({ key: number }) => `For English, press ${key(number)}.`,
    upcoming: ({ starts_at, timeZone, more }) =>
      `You have an appointment ${dayAndTime(starts_at, now, timeZone)}${
        more > 0 ? `, and ${more} more after it` : ''
      }.`,
    menu: ({ reception, books, brief }) =>
      brief
        ? `${
          books ? 'For the next available appointment, press 1. To choose a day, 2. ' : ''
        }To hear your appointments, 3. To cancel${books ? ' or move' : ''} one, 4.${
          reception ? ' For reception, 0.' : ''
        }`
        : `${
          books ? 'To book the next available appointment, press 1. To choose a day, press 2. ' : ''
        }To hear your appointments, press 3. To cancel${books ? ' or move' : ''} one, press 4. ${
          reception ? 'For reception, press 0. ' : ''
        }To repeat, press 9.`,
    choose: ({ options, more, back, brief }) =>
      [
        ...options.map((option, index) =>
          brief ? `${name(option)}, press ${index + 1}.` : `For ${name(option)}, press ${index + 1}.`
        ),
        more ? 'For more choices, press hash.' : '',
        back && !brief ? 'To go back, press star.' : ''
      ].filter((sentence) => sentence !== '').join(' '),

    askWho: () => 'Who is the appointment for?',
    yourself: () => 'yourself',
    person: ({ place }) => `the ${ordinal(place)} person you book for`,
    personGone: () => 'You do not book for this person any more.',

    askDays: ({ days, today, brief }) =>
      [
        ...days.map((date, index) =>
          `${index === 0 || !brief ? 'For ' : ''}${dayName(date, today)}, ${brief ? '' : 'press '}${
            index + 1
          }.`
        ),
        `${brief ? 'Another' : 'For another'} day, ${brief ? '' : 'press '}${days.length + 1}.`,
        brief ? '' : 'To go back, press star.'
      ].filter((sentence) => sentence !== '').map(capital).join(' '),
    askDay: ({ brief }) =>
      brief
        ? 'Enter two digits for the day of the month, such as 0 5. Or one digit and hash: 0 for today, 1 for tomorrow.'
        : 'Please enter the day of the month with two digits, such as 0 5 for the 5th. Or enter how many days from now with one digit and then hash: 0 for today, 1 for tomorrow, up to 7. To go back, press star and hash.',
    tooFar: ({ date, today, days }) =>
      `${capital(day(date, today))} cannot be booked yet. ${
        days === 0
          ? 'You can book for today only.'
          : `You can book up to ${days} ${days === 1 ? 'day' : 'days'} ahead.`
      }`,
    theDay: ({ date, today }) => `${capital(day(date, today))}.`,
    anyDoctor: () => 'any doctor',
    doctorOf: ({ name: doctor, specialty }) => `${name(doctor)}, ${name(specialty)}`,

    offer: ({ spoken_name, starts_at, timeZone, moving, brief }) => {
      const what = `${name(spoken_name)}, ${dayAndTime(starts_at, now, timeZone)}.`;
      const take = moving ? 'To take this time instead' : 'To book it';
      return brief
        ? `${what} ${take}, press 1. Later that day, 2. Another day, 3.`
        : `The next available appointment is with ${what} ${take}, press 1. For later that day, press 2. For another day, press 3. To go back, press star.`;
    },
    justTaken: () => 'Sorry, that appointment was just taken.',
    slotPassed: () => 'Sorry, that time has just passed.',
    notOffered: () => 'Sorry, the clinic has just changed its hours, and that time is not offered any more.',
    ownAppointment: () => 'You already have another appointment at that time.',
    theirAppointment: () => 'They already have another appointment at that time.',
    doctorAway: () => 'Sorry, that doctor does not take bookings at the moment.',
    noneLater: () => 'There is nothing free later that day.',
    dayFull: ({ date, today }) => `Sorry, nothing is free any more ${when(date, today)}.`,
    dayOver: () => 'Sorry, bookings are closed for today.',
    dayClosed: ({ date, today }) => `Nobody sees patients ${when(date, today)}.`,
    nothingFree: () =>
      'Sorry, there is no free appointment on any day that can be booked. Please try again on another day.',
    tooManyBookings: () =>
      'You already have as many appointments as this clinic allows. Please cancel one before you book another.',
    booked: (facts) => `${appointmentOf(facts.who)} is booked. ${keepDetails(facts, now)} Goodbye.`,
    moved: (facts) => `${appointmentOf(facts.who)} is moved. ${keepDetails(facts, now)} Goodbye.`,
    cancelledMeanwhile: () => 'This appointment was cancelled. Please call again to book another. Goodbye.',

    notByPhone: () =>
      'This clinic takes no bookings by phone at the moment. Please book on our website, or ask at reception.',

    proveForBooking: ({ starts_at, timeZone }) =>
      `Before we book your appointment ${
        dayAndTime(starts_at, now, timeZone)
      }, we check that this is your phone. We have texted it a code.`,
    proveForAppointments: () =>
      'For your safety we first check that this is your phone. We have texted it a code.',
    askCode: ({ reception, brief }) =>
      brief
        ? `Enter the digits of the code in the SMS.${reception ? ' For reception, 0 and hash.' : ''}`
        : `Please stay on the line, and enter the code when the SMS arrives. To hear this again, press 9 and hash. ${
          reception ? 'To speak to reception, press 0 and hash. ' : ''
        }To go back, press star and hash.`,
    wrongCode: () => 'Sorry, that is not the code we texted you.',
    notProven: () =>
      'We cannot check your phone with a code at the moment. Please use our website, or ask at reception.',

    noAppointments: () => 'You have no upcoming appointment here.',
    appointments: ({ times, timeZone, count, page }) =>
      [
        page === 0 ? `You have ${count === 1 ? 'one appointment' : `${count} appointments`}.` : '',
        ...times.map((time) => `${capital(dayAndTime(time, now, timeZone))}.`)
      ].filter((sentence) => sentence !== '').join(' '),
    askAppointments: ({ more, moves, brief }) =>
      `For the doctor and token number, or to cancel${moves ? ' or move' : ''} one, press 1.${
        more ? ' For more appointments, press hash.' : ''
      }${brief ? '' : ' To hear this again, press 9. To go back, press star.'}`,
    askReference: ({ reception, brief }) =>
      brief
        ? `Enter the 4 digits of the reference.${reception ? ' For reception, 0 and hash.' : ''}`
        : `Please enter the 4 digits of the reference in the SMS we sent you for this appointment. ${
          reception ? 'If you do not have it, press 0 and hash to speak to reception. ' : ''
        }To go back, press star and hash.`,
    wrongReference: () => 'Sorry, none of your appointments has that reference.',
    askWhich: ({ options, more, brief }) =>
      [
        ...options.map(({ spoken_name, starts_at, timeZone, who }, index) =>
          `For ${who === undefined ? '' : `${name(who)} with `}${name(spoken_name)}, ${
            dayAndTime(starts_at, now, timeZone)
          }, press ${index + 1}.`
        ),
        more ? 'For more appointments, press hash.' : '',
        brief ? '' : 'To go back, press star.'
      ].filter((sentence) => sentence !== '').join(' '),
    noMoreTries: () =>
      'For your safety we take no more references in this call. Please call again with the SMS at hand, use our website, or ask at reception.',
    details: ({ spoken_name, starts_at, timeZone, who, token_number }) =>
      `${appointmentOf(who)} is with ${name(spoken_name)}, ${
        dayAndTime(starts_at, now, timeZone)
      }. Your token number is ${digits(token_number)}.`,
    nowServing: ({ token_number }) => `Number ${digits(token_number)} is being seen now.`,
    askChange: ({ moves, brief }) =>
      `To cancel this appointment, press 1.${moves ? ' For another time, press 2.' : ''}${
        brief ? ' To keep it, star.' : ' To keep it and go back, press star.'
      }`,
    cancelled: ({ spoken_name, starts_at, timeZone, who, texted }) =>
      `${appointmentOf(who)} with ${name(spoken_name)}, ${
        dayAndTime(starts_at, now, timeZone)
      }, is cancelled.${texted ? ' We are sending you an SMS.' : ''}`,
    notChangeable: () => 'This appointment can no longer be changed by phone.',

    transferring: () => 'We are connecting you to reception. Please hold.',
    receptionClosed: (hours) => `Reception is closed now. It is open ${openingHours(hours)}.`,
    noReception: () => 'This clinic has no reception that takes calls.',
    withheld: () =>
      'Your phone hides its number, so we cannot book for you. Please call again without hiding it, or book on our website.',
    landline: () =>
      'You are calling from a landline. Bookings are confirmed by SMS, so please call from a mobile phone, or book on our website.',
    withoutSms: () =>
      'We cannot send an SMS to your number. Bookings are confirmed by SMS, so please call from another mobile phone, or book on our website.',
    abroad: () =>
      'We do not send SMS to the country you are calling from. Bookings are confirmed by SMS, so please call from a mobile phone of the country where the clinic is.',
    askReception: () => 'To speak to reception, press 0.',

    notUnderstood: () => 'Sorry, that is not one of the choices.',
    notInService: () => 'This number does not take bookings at the moment. Goodbye.',
    goodbye: ({ texted }) =>
      `We did not hear a choice. ${
        texted ? 'We have texted you a link to book online.' : 'Please call again when you are ready.'
      } Goodbye.`,
    tooLong: ({ texted }) =>
      `This call has become too long. ${
        texted ? 'We have texted you a link to book online.' : 'Please call again.'
      } Goodbye.`,
    farewell: () => 'Goodbye.',
    apology: () => 'Sorry, something went wrong on our side. Please call again in a few minutes. Goodbye.'
  })
};

/** "today, Monday the 23rd", or "on Friday the 27th". */
function when(date: string, today: string): string {
  const spoken = day(date, today);
  return /^to(day|morrow)/.test(spoken) ? spoken : `on ${spoken}`;
}

function appointmentOf(who: string | undefined): string {
  return who === undefined ? 'Your appointment' : `The appointment for ${name(who)}`;
}

/** Who gets no SMS is told before that it is to be written down, and hears it twice. */
function keepDetails(
  { spoken_name, starts_at, timeZone, token_number, texted }: Parameters<Prompts['booked']>[0],
  now: Date
): string {
  const when = dayAndTime(starts_at, now, timeZone);
  const details = `${name(spoken_name)}, ${when}. Your token number is ${digits(token_number)}.`;
  return texted
    ? `${details} We are sending you an SMS with the details.`
    : `You asked for no SMS, so please note this down. ${details} Once more: ${details}`;
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
