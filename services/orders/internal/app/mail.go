package app

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/mail"
	"souk/platform/pgdb"
	"souk/platform/service"

	"souk/services/orders/internal/letter"
	"souk/services/orders/internal/outbox"
	"souk/services/orders/internal/postgres"
)

// sendMails makes the service send the mails of its outbox, if there is an SMTP server, and give old ones up.
func (c Config) sendMails(svc *service.Service, pool *pgxpool.Pool, store outbox.Store, customers outbox.Customers) error {
	var mailer outbox.Mailer
	if c.Mail.Addr != "" {
		sender, err := mail.New(c.Mail)
		if err != nil {
			return err
		}
		mailer = letter.New(sender, c.PagesURL)
	}
	mails := outbox.New(store, customers, mailer, outbox.DefaultWaits(), svc.Logger())
	svc.Every(outbox.GiveUpMailsEvery, "give up mails", mails.GiveUpMails)
	if mailer == nil {
		svc.Logger().Warn("SOUK_SMTP_ADDR is not set: mails wait in the outbox and are given up", "after", outbox.MailLife.String())
		return nil
	}
	svc.Every(outbox.SendMailsEvery, "send mails", mails.SendMails)
	svc.Every(pgdb.MeasureEvery, "measure mails", postgres.DueMails.Measure(pool))
	return nil
}
