//! `deployments/<id>/{status.xml,log.log}` and `deployments/active`, as Kudu writes them.

use crate::{Bundle, Random};
use daaslens_core::Time;

/// One deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentBuilder {
    /// The commit, or any 32 digits.
    pub id: String,
    /// Who pushed.
    pub author: String,
    /// What did it: `GITHUB_ZIP_DEPLOY_FUNCTIONS_V1`, `VSTS`, `ZipDeploy`, …
    pub deployer: String,
    /// The message of the commit.
    pub message: String,
    /// When it began.
    pub started: Time,
    /// When it was done.
    pub ended: Time,
    /// Whether it succeeded.
    pub success: bool,
}

impl DeploymentBuilder {
    /// A successful deployment with a random id.
    pub fn new(started: Time, ended: Time, random: &mut Random) -> Self {
        Self {
            id: random.hex(32),
            author: "builder".into(),
            deployer: "ZipDeploy".into(),
            message: "Created via a push deployment".into(),
            started,
            ended,
            success: true,
        }
    }

    /// Adds the two files under `folder` (`deployments` in a Kudu dump, `site/deployments` elsewhere).
    pub fn add_to(&self, bundle: &mut Bundle, folder: &str) {
        bundle.add(format!("{folder}/{}/status.xml", self.id), self.status_xml());
        bundle.add(format!("{folder}/{}/log.log", self.id), self.log());
    }

    /// `status.xml`.
    pub fn status_xml(&self) -> Vec<u8> {
        let (started, ended) = (stamp(self.started), stamp(self.ended));
        let success = if self.success { ended.as_str() } else { "" };
        let status = if self.success { "Success" } else { "Failed" };
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<deployment>\r\n  <id>{}</id>\r\n  <author>{}</author>\r\n  \
             <deployer>{}</deployer>\r\n  <authorEmail>builder@example.invalid</authorEmail>\r\n  <message>{}</message>\r\n  \
             <progress></progress>\r\n  <status>{status}</status>\r\n  <statusText></statusText>\r\n  \
             <lastSuccessEndTime>{success}</lastSuccessEndTime>\r\n  <receivedTime>{started}</receivedTime>\r\n  \
             <startTime>{started}</startTime>\r\n  <endTime>{ended}</endTime>\r\n  <complete>True</complete>\r\n  \
             <is_temp>False</is_temp>\r\n  <is_readonly>True</is_readonly>\r\n</deployment>",
            self.id, self.author, self.deployer, self.message
        )
        .into_bytes()
    }

    /// `log.log`: time, message, id, type; a leading tab is depth, a comma in a message is `&comma;`.
    pub fn log(&self) -> Vec<u8> {
        let id = format!("{}-0000-4000-8000-000000000000", &self.id[..8.min(self.id.len())]);
        let last = if self.success { "Deployment successful." } else { "Deployment Failed." };
        format!(
            "{0},Updating submodules.,{id},0\r\n{0},Preparing deployment for commit id '{1}'.,{id},0\r\n\
             \t{0},Copying files&comma; cleaning up,{id},0\r\n{2},{last},{id},{3}\r\n",
            stamp(self.started),
            &self.id[..10.min(self.id.len())],
            stamp(self.ended),
            if self.success { 0 } else { 2 },
        )
        .into_bytes()
    }
}

/// Times with seven digits of fraction, as .NET prints them.
pub(crate) fn stamp(at: Time) -> String {
    format!("{}.{:03}0000Z", at.format("%Y-%m-%dT%H:%M:%S"), at.0.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_two_files() {
        let at = Time::parse("2026-03-11T02:00:00Z").unwrap();
        let mut bundle = Bundle::default();
        let mut deployment = DeploymentBuilder::new(at, Time(at.0 + 42_500), &mut Random::new(1));
        deployment.success = false;
        deployment.add_to(&mut bundle, "deployments");
        let paths: Vec<&str> = bundle.files().iter().map(|file| file.path.as_str()).collect();
        let id = &deployment.id;
        assert_eq!(
            paths,
            [format!("deployments/{id}/status.xml"), format!("deployments/{id}/log.log")]
        );
        let xml = String::from_utf8(deployment.status_xml()).unwrap();
        assert!(
            xml.contains("<status>Failed</status>")
                && xml.contains("<lastSuccessEndTime></lastSuccessEndTime>")
        );
        assert!(xml.contains("<endTime>2026-03-11T02:00:42.5000000Z</endTime>"));
    }
}
